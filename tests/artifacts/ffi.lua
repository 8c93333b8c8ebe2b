-- Loads the header, stripped of preprocessor lines, into LuaJIT's FFI: ffi.lua HEADER LIBRARY.
local ffi = require("ffi")
local file = assert(io.open(arg[1]))
ffi.cdef(file:read("*a"))
file:close()
local jf = ffi.load(arg[2])

local function assert_equal(actual, expected)
    if actual ~= expected then
        error(tostring(actual) .. ", not " .. tostring(expected), 2)
    end
end

assert_equal(ffi.sizeof("jf_addr"), 128)
print(tostring(tonumber(jf.jf_version())) .. " " .. ffi.string(jf.jf_version_text()))

local address, text = ffi.new("jf_addr"), ffi.new("char[352]")
assert_equal(jf.jf_addr_parse("[::1]:80", address), 0LL)
assert_equal(address.family, tonumber(jf.JF_INET6))
assert_equal(address.port, 80)
assert_equal(jf.jf_addr_format(address, text, 352), 8LL)
assert_equal(ffi.string(text), "[::1]:80")

local pair, buffer = ffi.new("jf_socket[2]"), ffi.new("char[16]")
assert_equal(jf.jf_pair(jf.JF_UNIX, jf.JF_STREAM, pair), 0LL)
-- A handle is less than 2^53, so a Lua number can hold it.
local a, b = tonumber(pair[0]), tonumber(pair[1])
assert_equal(jf.jf_send(a, "hello", 5, 0), 5LL)
assert_equal(jf.jf_recv(b, buffer, 16, 0), 5LL)
assert_equal(ffi.string(buffer, 5), "hello")
assert_equal(tonumber(jf.jf_recv(b, buffer, 16, jf.JF_DONT_WAIT)), tonumber(jf.JF_E_WOULD_BLOCK))
assert_equal(ffi.string(jf.jf_error_name(jf.JF_E_WOULD_BLOCK)), "JF_E_WOULD_BLOCK")
assert_equal(jf.jf_close(a), 0LL)
assert_equal(jf.jf_close(b), 0LL)
assert_equal(tonumber(jf.jf_close(a)), tonumber(jf.JF_E_CLOSED))
