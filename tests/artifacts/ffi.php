<?php
// Loads the header, stripped of preprocessor lines, into PHP's FFI: ffi.php HEADER LIBRARY.
$jf = FFI::cdef(file_get_contents($argv[1]), $argv[2]);

function assert_equal($actual, $expected): void
{
    if ($actual !== $expected) {
        fwrite(STDERR, var_export($actual, true) . ', not ' . var_export($expected, true) . "\n");
        exit(1);
    }
}

assert_equal(FFI::sizeof($jf->type('jf_addr')), 128);
echo $jf->jf_version(), ' ', $jf->jf_version_text(), "\n";

$address = $jf->new('jf_addr');
$text = $jf->new('char[352]');
assert_equal($jf->jf_addr_parse('[::1]:80', FFI::addr($address)), 0);
assert_equal([$address->family, $address->port, $address->len], [$jf->JF_INET6, 80, 16]);
assert_equal($jf->jf_addr_format(FFI::addr($address), $text, 352), 8);
assert_equal(FFI::string($text), '[::1]:80');

$pair = $jf->new('jf_socket[2]');
$buffer = $jf->new('char[16]');
assert_equal($jf->jf_pair($jf->JF_UNIX, $jf->JF_STREAM, $pair), 0);
assert_equal($jf->jf_send($pair[0], 'hello', 5, 0), 5);
assert_equal($jf->jf_recv($pair[1], $buffer, 16, 0), 5);
assert_equal(FFI::string($buffer, 5), 'hello');
assert_equal($jf->jf_recv($pair[1], $buffer, 16, $jf->JF_DONT_WAIT), $jf->JF_E_WOULD_BLOCK);
assert_equal($jf->jf_error_name($jf->JF_E_WOULD_BLOCK), 'JF_E_WOULD_BLOCK');
assert_equal([$jf->jf_close($pair[0]), $jf->jf_close($pair[1])], [0, 0]);
assert_equal($jf->jf_close($pair[0]), $jf->JF_E_CLOSED);
