#include "test_server.h"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <mutex>
#include <thread>

#include "http_client/message.h"

namespace tidemill::testing {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;

}  // namespace

struct TestServer::Impl {
  Impl(Handler answering, const std::string& certificate, const std::string& key)
      : handler(std::move(answering)), acceptor(context, {asio::ip::address_v4::loopback(), 0}) {
    if (certificate.empty()) return;
    tls = std::make_unique<ssl::context>(ssl::context::tls_server);
    tls->use_certificate_chain_file(certificate);
    tls->use_private_key_file(key, ssl::context::pem);
  }

  void accept_all() {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket(context);
      acceptor.accept(socket, error);
      const std::lock_guard lock(mutex);
      if (error || ending) return;
      sockets.push_back(std::move(socket));
      threads.emplace_back([this, number = threads.size(), &mine = sockets.back()] {
        serve(mine, number);
        const std::lock_guard closing(mutex);
        boost::system::error_code ignored;
        mine.shutdown(tcp::socket::shutdown_both, ignored);
      });
    }
  }

  void serve(tcp::socket& socket, std::size_t number) {
    if (!tls) return talk(socket, number);
    ssl::stream<tcp::socket&> stream(socket, *tls);
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::server, error);
    if (!error) talk(stream, number);
  }

  template <class Stream>
  void talk(Stream& stream, std::size_t number) {
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(boost::none);
      boost::system::error_code error;
      http::read(stream, buffer, parser, error);
      if (error) return;
      Request request{std::string(parser.get().method_string()),
                      std::string(parser.get().target()),
                      {},
                      std::move(parser.get().body()),
                      number};
      for (const auto& field : parser.get())
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
      if (!answer(stream, request)) return;
    }
  }

  template <class Stream>
  bool answer(Stream& stream, const Request& request) {
    Answer told;
    {
      const std::lock_guard lock(mutex);
      seen.push_back(request);
      told = handler(request);
    }
    boost::system::error_code error;
    if (told.manner == Manner::hang_up) return false;
    if (told.manner == Manner::stall) {
      char byte = 0;
      stream.read_some(asio::buffer(&byte, 1), error);  // Until the other side gives up.
      return false;
    }
    http::response<http::string_body> response(static_cast<http::status>(told.status), 11);
    for (const auto& [name, value] : told.headers) response.insert(name, value);
    response.keep_alive(told.keep_alive);
    response.body() = std::move(told.body);
    // A test may announce another length than it sends, as the answer to HEAD does.
    if (response.find(http::field::content_length) == response.end()) response.prepare_payload();
    if (told.manner == Manner::in_chunks) {
      response.erase(http::field::content_length);
      response.chunked(true);
    }
    if (told.manner == Manner::cut_off) {
      response.content_length(response.body().size() + 1);
      told.keep_alive = false;
    }
    http::response_serializer<http::string_body> serializer(response);
    if (request.method == "HEAD") {
      http::write_header(stream, serializer, error);
    } else {
      http::write(stream, serializer, error);
    }
    return !error && told.keep_alive;
  }

  Handler handler;
  std::unique_ptr<ssl::context> tls;
  asio::io_context context;
  tcp::acceptor acceptor;
  mutable std::mutex mutex;
  bool ending = false;
  std::list<tcp::socket> sockets;
  std::vector<std::thread> threads;
  std::vector<Request> seen;
  std::thread accepting;
};

TestServer::TestServer(Handler handler, const std::string& certificate, const std::string& key)
    : impl_(std::make_unique<Impl>(std::move(handler), certificate, key)) {
  impl_->accepting = std::thread([this] { impl_->accept_all(); });
}

TestServer::~TestServer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  // Ends accept() for good, which closing the descriptor under it would not.
  ::shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  impl_->accepting.join();
  hang_up_on_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::string TestServer::Request::header(std::string_view name) const {
  for (const auto& [one, value] : headers)
    if (http_client::same_name(one, name)) return value;
  return {};
}

std::uint16_t TestServer::port() const { return impl_->acceptor.local_endpoint().port(); }

std::string TestServer::url() const {
  return (impl_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port());
}

std::vector<TestServer::Request> TestServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->seen;
}

void TestServer::hang_up_on_all() {
  const std::lock_guard lock(impl_->mutex);
  boost::system::error_code ignored;
  for (tcp::socket& socket : impl_->sockets) socket.shutdown(tcp::socket::shutdown_both, ignored);
}

std::uint16_t unused_port() {
  asio::io_context context;
  return tcp::acceptor(context, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

}  // namespace tidemill::testing
