// Client: speaks HTTP/1.1 with one server: verified TLS, connections that are kept alive, several
// requests side by side, an end to every wait.
//
// It blocks, so connectors call it on the pool (run_blocking). That is what most of them need: an
// archive, a listing and Source::read_object are blocking as they stand, and a call that blocks for
// real is what a test in virtual time can wait for. What a batch needs at once goes into one call
// of send_all(), whose requests run side by side on the calling thread, each on a connection of its
// own: a slow server costs a batch one round trip and not one for each request.
//
// Thread-safe. Redirects are answers like others; proxies and environment variables are not looked
// at. Nothing is repeated but a request whose kept connection turns out to be closed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "connection.h"
#include "message.h"
#include "tidemill/security_options.h"

namespace tidemill::http_client {

class Client {
 public:
  struct Options {
    Url server;
    TlsOptions tls;  ///< Its files are read once, by make(). Ignored for http.
    Timeouts timeouts;
    std::size_t side_by_side_max = 16;  ///< Connections of one call.
  };

  /// Connects to nothing yet. Errors: bad_config.
  static Result<std::unique_ptr<Client>> make(Options options);
  ~Client();

  /// Errors: unavailable, bad_event (the answer is too large, a header cannot be sent), bad_config
  /// (the server is not who it should be), cancelled, and what Request::receive fails with. An
  /// answer is an answer, whatever its status is.
  Result<Response> send(const Request& request);

  /// The same for several, side by side and in no order; one answer for each.
  std::vector<Result<Response>> send_all(std::span<const Request> requests);

  /// Waits, as before another try. False when interrupted, before or meanwhile.
  bool pause(Duration time);

  /// Ends what waits and refuses what comes, with Fault::cancelled. From any thread.
  void interrupt();

  const Url& server() const { return options_.server; }

 private:
  struct Lane;

  Client(Options options, std::shared_ptr<boost::asio::ssl::context> tls);

  std::unique_ptr<Lane> take_lane();
  void give_back(std::unique_ptr<Lane> lane);
  Task<> work(Lane& lane, std::span<const Request> requests, std::size_t& next,
              std::vector<Result<Response>>& answers);
  Task<Result<Response>> answer_to(Lane& lane, const Request& request);

  const Options options_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool interrupted_ = false;
  std::vector<std::unique_ptr<Lane>> idle_;
  std::vector<Lane*> busy_;
};

}  // namespace tidemill::http_client
