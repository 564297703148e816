#include "client.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "tls_context.h"

namespace tidemill::http_client {

// What one call runs on: a loop of its own, so that waits can have an end and requests can overlap,
// and the connections that belong to it.
struct Client::Lane {
  boost::asio::io_context context{1};
  std::vector<std::unique_ptr<Connection>> kept;
  std::vector<Connection*> in_use;
  bool interrupted = false;
};

Client::Client(Options options, std::shared_ptr<boost::asio::ssl::context> tls)
    : options_(std::move(options)), tls_(std::move(tls)) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(Options options) {
  std::shared_ptr<boost::asio::ssl::context> tls;
  if (options.server.tls) {
    auto made = make_tls_context(options.tls);
    if (!made) return std::unexpected(made.error());
    tls = std::move(*made);
  }
  return std::unique_ptr<Client>(new Client(std::move(options), std::move(tls)));
}

Result<Response> Client::send(const Request& request) {
  return std::move(send_all(std::span(&request, 1)).front());
}

std::vector<Result<Response>> Client::send_all(std::span<const Request> requests) {
  std::vector<Result<Response>> answers(requests.size(), fail(Fault::cancelled, "interrupted"));
  auto lane = take_lane();
  if (!lane) return answers;
  std::size_t next = 0;
  const std::size_t workers = std::min(requests.size(), options_.side_by_side_max);
  for (std::size_t i = 0; i < workers; ++i)
    boost::asio::co_spawn(lane->context, work(*lane, requests, next, answers),
                          [](std::exception_ptr error) {
                            if (error) std::rethrow_exception(error);
                          });
  lane->context.run();
  give_back(std::move(lane));
  return answers;
}

std::unique_ptr<Client::Lane> Client::take_lane() {
  const std::lock_guard lock(mutex_);
  if (interrupted_) return nullptr;
  std::unique_ptr<Lane> lane;
  if (idle_.empty()) {
    lane = std::make_unique<Lane>();
  } else {
    lane = std::move(idle_.back());
    idle_.pop_back();
    lane->context.restart();
  }
  busy_.push_back(lane.get());
  return lane;
}

void Client::give_back(std::unique_ptr<Lane> lane) {
  const std::lock_guard lock(mutex_);
  std::erase(busy_, lane.get());
  if (!interrupted_) idle_.push_back(std::move(lane));
}

Task<> Client::work(Lane& lane, std::span<const Request> requests, std::size_t& next,
                    std::vector<Result<Response>>& answers) {
  while (next < requests.size()) {
    const std::size_t mine = next++;
    auto answer = co_await answer_to(lane, requests[mine]);
    answers[mine] = std::move(answer);
  }
}

Task<Result<Response>> Client::answer_to(Lane& lane, const Request& request) {
  for (bool kept_ones = true;;) {
    std::unique_ptr<Connection> connection;
    while (kept_ones && !connection && !lane.kept.empty()) {
      connection = std::move(lane.kept.back());
      lane.kept.pop_back();
      if (!connection->alive()) connection.reset();
    }
    const bool fresh = !connection;
    if (fresh) connection = make_connection(lane.context, options_.server, tls_, options_.timeouts);
    lane.in_use.push_back(connection.get());
    if (lane.interrupted) connection->close();
    Result<> connected;
    if (fresh) connected = co_await connection->connect();
    Result<Response> answer = fail(Fault::cancelled, "interrupted");
    if (connected) {
      answer = co_await connection->exchange(request);
    } else {
      answer = std::unexpected(connected.error());
    }
    std::erase(lane.in_use, connection.get());
    if (answer && connection->alive()) lane.kept.push_back(std::move(connection));
    const bool was_closed =
        !answer && !fresh && answer.error().fault == Fault::unavailable && connection->unanswered();
    if (!was_closed || !request.repeatable) co_return answer;
    kept_ones = false;
  }
}

bool Client::pause(Duration time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return interrupted_; });
}

void Client::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  wake_.notify_all();
  for (Lane* lane : busy_)
    boost::asio::post(lane->context, [lane] {
      lane->interrupted = true;
      for (Connection* connection : lane->in_use) connection->close();
    });
}

}  // namespace tidemill::http_client
