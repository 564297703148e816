// A door that speaks TLS, with certificates that are made here and a client that believes them.
#include "core/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/asio_scheduler.h"
#include "core/http/http_listener.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <auto free>
struct Free {
  void operator()(auto* thing) const { free(thing); }
};
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

// Writes a key, and a certificate of it that names `localhost` and is its own authority.
HttpTls make_certificate(const std::string& stem) {
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Free<X509_free>> made(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_sign(made.get(), key.get(), EVP_sha256());
  HttpTls files{stem + ".cert.pem", stem + ".key.pem"};
  const File certificate(std::fopen(files.certificate.c_str(), "w"));
  PEM_write_X509(certificate.get(), made.get());
  const File secret(std::fopen(files.key.c_str(), "w"));
  PEM_write_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

class TlsDoorTest : public ::testing::Test {
 protected:
  TlsDoorTest() : scheduler_(1), files_(make_certificate(folder_ / "own")) {}
  ~TlsDoorTest() override {
    if (server_) asio::co_spawn(scheduler_.executor(), server_->close(), asio::use_future).get();
    server_.reset();
    scheduler_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> open(HttpTls files, HttpLimits limits = {}) {
    HttpDoor door{.listen = "127.0.0.1:0", .answer = std::bind_front(&TlsDoorTest::answer, this)};
    door.tls = std::move(files);
    door.limits = limits;
    auto server = serve_http(scheduler_, log_, std::move(door));
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    thread_ = std::thread([this] { scheduler_.run(); });
    return {};
  }

  Task<HttpResponse> answer(HttpRequest& request) {
    co_return text_response(200, (request.encrypted ? "sealed " : "open ") + request.body + "\n");
  }

  asio::ip::tcp::socket connect(asio::io_context& context) const {
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  static std::string request(const std::string& body, const std::string& headers = {}) {
    return "POST / HTTP/1.1\r\nHost: localhost\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  testing::TempFolder folder_;
  testing::RecordingLog log_;
  AsioScheduler scheduler_;
  HttpTls files_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

TEST_F(TlsDoorTest, RequestsComeThroughAConnectionThatIsEncryptedAndKept) {
  ASSERT_TRUE(open(files_));
  asio::io_context context;
  asio::ssl::context trust(asio::ssl::context::tls_client);
  trust.load_verify_file(files_.certificate);
  trust.set_verify_mode(asio::ssl::verify_peer);
  asio::ssl::stream<asio::ip::tcp::socket> stream(connect(context), trust);
  stream.handshake(asio::ssl::stream_base::client);

  const std::string large(200'000, 'x');
  std::string said;
  asio::write(stream, asio::buffer(request("first")));
  asio::read_until(stream, asio::dynamic_buffer(said), "first\n");
  EXPECT_THAT(said, EndsWith("\r\n\r\nsealed first\n"));
  said.clear();
  boost::system::error_code end;
  asio::write(stream, asio::buffer(request(large, "Connection: close\r\n")));
  asio::read(stream, asio::dynamic_buffer(said), end);

  EXPECT_THAT(said, EndsWith("sealed " + large + "\n"));
  EXPECT_EQ(end, asio::error::eof);  // It says goodbye: nothing was cut off.
}

TEST_F(TlsDoorTest, WhatIsNotEncryptedIsNotAnswered) {
  ASSERT_TRUE(open(files_));
  asio::io_context context;
  asio::ip::tcp::socket socket = connect(context);
  boost::system::error_code end;
  std::string said;
  asio::write(socket, asio::buffer(request("x")), end);
  asio::read(socket, asio::dynamic_buffer(said), end);

  EXPECT_THAT(said, ::testing::Not(HasSubstr("HTTP")));
}

TEST_F(TlsDoorTest, APeerThatNeverFinishesItsHandshakeIsDropped) {
  HttpLimits limits;
  limits.header_max = std::chrono::milliseconds(20);
  ASSERT_TRUE(open(files_, limits));
  asio::io_context context;
  asio::ip::tcp::socket socket = connect(context);
  boost::system::error_code end;
  std::string said;
  asio::read(socket, asio::dynamic_buffer(said), end);  // Returns, that is all.

  EXPECT_EQ(said, "");
}

TEST_F(TlsDoorTest, AKeyOfAnotherCertificateIsAMistakeOfTheConfiguration) {
  const HttpTls other = make_certificate(folder_ / "other");

  const auto opened = open({files_.certificate, other.key});

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, StartsWith("cannot read the key " + other.key));
  EXPECT_THAT(opened.error().message, HasSubstr("not that of the certificate"));
}

}  // namespace
}  // namespace tidemill
