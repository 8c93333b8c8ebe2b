-- LuaJIT takes the header as it stands, without its preprocessor lines: ffi.lua HEADER LIBRARY.
local ffi = require("ffi")
local file = assert(io.open(arg[1]))
ffi.cdef(file:read("*a"))
file:close()
local jf = ffi.load(arg[2])

local function expect(got, wanted)
    if got ~= wanted then
        error(tostring(got) .. ", not " .. tostring(wanted), 2)
    end
end

expect(ffi.sizeof("jf_addr"), 128)
print(tostring(tonumber(jf.jf_version())) .. " " .. ffi.string(jf.jf_version_text()))

local address, text = ffi.new("jf_addr"), ffi.new("char[352]")
expect(jf.jf_addr_parse("[::1]:80", address), 0LL)
expect(address.family, tonumber(jf.JF_INET6))
expect(address.port, 80)
expect(jf.jf_addr_format(address, text, 352), 8LL)
expect(ffi.string(text), "[::1]:80")

local pair, room = ffi.new("jf_socket[2]"), ffi.new("char[16]")
expect(jf.jf_pair(jf.JF_UNIX, jf.JF_STREAM, pair), 0LL)
-- A handle is below 2^53: a Lua number holds it.
local a, b = tonumber(pair[0]), tonumber(pair[1])
expect(jf.jf_send(a, "hello", 5, 0), 5LL)
expect(jf.jf_recv(b, room, 16, 0), 5LL)
expect(ffi.string(room, 5), "hello")
expect(tonumber(jf.jf_recv(b, room, 16, jf.JF_DONT_WAIT)), tonumber(jf.JF_E_WOULD_BLOCK))
expect(ffi.string(jf.jf_error_name(jf.JF_E_WOULD_BLOCK)), "JF_E_WOULD_BLOCK")
expect(jf.jf_close(a), 0LL)
expect(jf.jf_close(b), 0LL)
expect(tonumber(jf.jf_close(a)), tonumber(jf.JF_E_BAD_HANDLE))
