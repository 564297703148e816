// TestServer: an HTTP server in this process, on a free port of the loopback device, which answers
// as a test tells it to.
//
//     TestServer server([](const TestServer::Request& request) {
//       return TestServer::Answer{.status = 200, .body = request.body};
//     });
//     ... server.url() ...
//
// A thread for each connection; the answering function is called by one of them at a time. Ends
// with the object.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemill::testing {

class TestServer {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::size_t connection = 0;  ///< 0 for the first one that was accepted, and so on.

    std::string header(std::string_view name) const;
  };

  enum class Manner {
    answer,
    hang_up,   ///< Closes the connection without an answer.
    cut_off,   ///< Closes it in the middle of the body.
    stall,     ///< Never answers.
    in_chunks  ///< Answers with Transfer-Encoding: chunked.
  };

  struct Answer {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool keep_alive = true;
    Manner manner = Manner::answer;
  };

  using Handler = std::function<Answer(const Request&)>;

  /// With the files of a certificate and its key it speaks TLS.
  explicit TestServer(Handler handler, const std::string& certificate = {},
                      const std::string& key = {});
  ~TestServer();

  std::string url() const;
  std::uint16_t port() const;

  /// All requests so far.
  std::vector<Request> requests() const;

  /// Closes every connection as it is, as a server does that has had enough.
  void hang_up_on_all();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A port on which nobody listens.
std::uint16_t unused_port();

}  // namespace tidemill::testing
