<?php
// PHP's FFI takes the header as it stands, without its preprocessor lines: ffi.php HEADER LIBRARY.
$jf = FFI::cdef(file_get_contents($argv[1]), $argv[2]);

function expect($got, $wanted): void
{
    if ($got !== $wanted) {
        fwrite(STDERR, var_export($got, true) . ', not ' . var_export($wanted, true) . "\n");
        exit(1);
    }
}

expect(FFI::sizeof($jf->type('jf_addr')), 128);
echo $jf->jf_version(), ' ', $jf->jf_version_text(), "\n";

$address = $jf->new('jf_addr');
$text = $jf->new('char[352]');
expect($jf->jf_addr_parse('[::1]:80', FFI::addr($address)), 0);
expect([$address->family, $address->port, $address->len], [$jf->JF_INET6, 80, 16]);
expect($jf->jf_addr_format(FFI::addr($address), $text, 352), 8);
expect(FFI::string($text), '[::1]:80');

$pair = $jf->new('jf_socket[2]');
$room = $jf->new('char[16]');
expect($jf->jf_pair($jf->JF_UNIX, $jf->JF_STREAM, $pair), 0);
expect($jf->jf_send($pair[0], 'hello', 5, 0), 5);
expect($jf->jf_recv($pair[1], $room, 16, 0), 5);
expect(FFI::string($room, 5), 'hello');
expect($jf->jf_recv($pair[1], $room, 16, $jf->JF_DONT_WAIT), $jf->JF_E_WOULD_BLOCK);
expect($jf->jf_error_name($jf->JF_E_WOULD_BLOCK), 'JF_E_WOULD_BLOCK');
expect([$jf->jf_close($pair[0]), $jf->jf_close($pair[1])], [0, 0]);
expect($jf->jf_close($pair[0]), $jf->JF_E_BAD_HANDLE);
