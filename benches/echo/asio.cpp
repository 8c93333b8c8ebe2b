// The echo server with asio. Data is written directly; only unsent bytes use an asynchronous write. See epoll.c.
#include <array>
#include <asio.hpp>
#include <iostream>
#include <string>
#include <sys/resource.h>

using asio::ip::tcp;

// The buffer has the size of that in asio's echo server example. The last pending operation owns the client.
class Client : public std::enable_shared_from_this<Client> {
public:
    explicit Client(tcp::socket socket) : socket_(std::move(socket)) {
        socket_.non_blocking(true);
        socket_.set_option(tcp::no_delay(true));
        socket_.set_option(asio::socket_base::keep_alive(true));
    }

    void read() {
        const auto buffer = asio::buffer(buffer_);
        socket_.async_read_some(buffer, [self = shared_from_this()](asio::error_code error, std::size_t len) {
            if (!error) self->write(len);
        });
    }

private:
    void write(std::size_t len) {
        asio::error_code error;
        const std::size_t sent = socket_.write_some(asio::buffer(buffer_, len), error);
        if (sent == len) return read();
        if (error && error != asio::error::would_block) return;
        const auto unsent = asio::buffer(buffer_.data() + sent, len - sent);
        asio::async_write(socket_, unsent, [self = shared_from_this()](asio::error_code failed, std::size_t) {
            if (!failed) self->read();
        });
    }

    tcp::socket socket_;
    std::array<char, 1024> buffer_;
};

static void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](asio::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Client>(std::move(socket))->read();
        accept(acceptor);
    });
}

int main(int argc, char **argv) {
    const std::string prefix = "tcp://127.0.0.1:";
    if (argc != 2 || std::string(argv[1]).rfind(prefix, 0) != 0) return 2;
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    // The program is single-threaded.
    asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
    const auto port = static_cast<unsigned short>(std::stoi(argv[1] + prefix.size()));
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port));
    std::cout << prefix << acceptor.local_endpoint().port() << std::endl;
    accept(acceptor);
    context.run();
}
