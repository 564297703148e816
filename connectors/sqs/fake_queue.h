// FakeQueue: an SQS server in this process with one queue, for tests. It hides, shows and deletes
// messages as SQS does, by a clock that the test moves; what it refuses, the test says.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http_client/testing/test_server.h"
#include "tidemill/time.h"

namespace tidemill::testing {

class FakeQueue {
 public:
  using Json = boost::json::object;

  /// `clock` is asked from the server's threads, while the test waits for its answers.
  explicit FakeQueue(std::function<Instant()> clock)
      : clock_(std::move(clock)),
        server_([this](const TestServer::Request& request) { return answer(request); }) {}

  std::string url() const { return server_.url() + "/123456789012/orders"; }
  std::string fifo_url() const { return url() + ".fifo"; }
  std::string endpoint() const { return server_.url(); }

  void put(std::string body, Json attributes = {}, Json system = {}) {
    const std::lock_guard lock(mutex_);
    const std::string id = "m" + std::to_string(++last_);
    messages_.emplace_back(id, Held{std::move(body), std::move(attributes), std::move(system), {}});
  }

  /// Bodies of those that were not deleted, and whether they are hidden.
  std::vector<std::pair<std::string, bool>> left() {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, bool>> all;
    for (const auto& [id, held] : messages_) all.emplace_back(held.body, hidden(held));
    return all;
  }

  /// The bodies of requests for this action so far.
  std::vector<Json> requests(std::string_view action) const {
    std::vector<Json> found;
    for (const TestServer::Request& request : server_.requests())
      if (request.header("x-amz-target") == "AmazonSQS." + std::string(action))
        found.push_back(boost::json::parse(request.body).as_object());
    return found;
  }

  // What it refuses; set before requests are under way.
  std::map<std::string, TestServer::Answer> refusals;  ///< By action.
  std::map<std::string, Json> failed;  ///< By body or receipt: an entry of Failed, without its Id.

 private:
  struct Held {
    std::string body;
    Json attributes, system;
    std::optional<Instant> hidden_until;
  };

  bool hidden(const Held& held) const { return held.hidden_until && *held.hidden_until > clock_(); }

  TestServer::Answer answer(const TestServer::Request& request) {
    const std::lock_guard lock(mutex_);
    const std::string action = request.header("x-amz-target").substr(sizeof "AmazonSQS." - 1);
    if (const auto refusal = refusals.find(action); refusal != refusals.end())
      return refusal->second;
    const Json asked = boost::json::parse(request.body).as_object();
    Json told;
    if (action == "GetQueueUrl") told["QueueUrl"] = url();
    if (action == "GetQueueAttributes") told["Attributes"] = counts();
    if (action == "ReceiveMessage") told = receive(asked);
    if (action.ends_with("Batch")) told = batch(action, asked);
    return {.body = boost::json::serialize(told)};
  }

  Json counts() const {
    std::size_t in_flight = 0;
    for (const auto& [id, held] : messages_) in_flight += hidden(held) ? 1 : 0;
    return {{"ApproximateNumberOfMessages", std::to_string(messages_.size() - in_flight)},
            {"ApproximateNumberOfMessagesNotVisible", std::to_string(in_flight)},
            {"ApproximateNumberOfMessagesDelayed", "0"}};
  }

  Json receive(const Json& asked) {
    boost::json::array found;
    for (auto& [id, held] : messages_) {
      if (hidden(held) || found.size() >= asked.at("MaxNumberOfMessages").to_number<std::size_t>())
        continue;
      held.hidden_until =
          clock_() + std::chrono::seconds(asked.at("VisibilityTimeout").to_number<int>());
      found.push_back(Json{{"MessageId", id},
                           {"ReceiptHandle", "r-" + id},
                           {"Body", held.body},
                           {"Attributes", held.system},
                           {"MessageAttributes", held.attributes}});
    }
    if (found.empty()) return {};
    return {{"Messages", found}};
  }

  Json batch(const std::string& action, const Json& asked) {
    boost::json::array done, refused;
    for (const auto& value : asked.at("Entries").as_array()) {
      const Json& entry = value.as_object();
      const bool sent = action == "SendMessageBatch";
      const std::string what(entry.at(sent ? "MessageBody" : "ReceiptHandle").as_string());
      if (const auto failure = failed.find(what); failure != failed.end()) {
        Json told = failure->second;
        told["Id"] = entry.at("Id");
        refused.push_back(told);
        continue;
      }
      done.push_back(Json{{"Id", entry.at("Id")}});
      if (sent) {
        messages_.emplace_back("m" + std::to_string(++last_), Held{what, {}, {}, {}});
        continue;
      }
      const auto same = [&what](const auto& one) { return "r-" + one.first == what; };
      if (action == "DeleteMessageBatch") std::erase_if(messages_, same);
      if (action != "ChangeMessageVisibilityBatch") continue;
      for (auto& one : messages_)
        if (same(one))
          one.second.hidden_until =
              clock_() + std::chrono::seconds(entry.at("VisibilityTimeout").to_number<int>());
    }
    return {{"Successful", done}, {"Failed", refused}};
  }

  const std::function<Instant()> clock_;
  std::mutex mutex_;
  std::deque<std::pair<std::string, Held>> messages_;
  std::uint64_t last_ = 0;
  TestServer server_;
};

}  // namespace tidemill::testing
