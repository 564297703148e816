#include "message_requests.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>

namespace tidemill::aws {
namespace {

// What one request takes. SQS takes 1 MiB by now; SNS, other servers, and queues that were told so,
// 256 KiB.
constexpr std::size_t messages_max = 10;
constexpr std::size_t bytes_max = 256u << 10;

// Requests with an order at once.
constexpr std::size_t lanes = 8;

bool comes_again(const Result<>& result) {
  return !result && result.error().fault != Fault::bad_event;
}

// In as many requests as that needs, in their order: one that is larger is alone in its own.
std::vector<MessageRequest> pack(const MessageRequest& messages) {
  std::vector<MessageRequest> requests;
  std::size_t bytes = 0;
  for (const OutgoingMessage* message : messages) {
    const bool fits = !requests.empty() && requests.back().size() < messages_max &&
                      bytes + message->bytes <= bytes_max;
    if (!fits) {
      requests.emplace_back();
      bytes = 0;
    }
    requests.back().push_back(message);
    bytes += message->bytes;
  }
  return requests;
}

class Sending {
 public:
  Sending(const SendRequests& send, std::vector<Result<>>& results)
      : send_(send), results_(results) {}

  void send(const std::vector<MessageRequest>& requests) {
    if (requests.empty()) return;
    const auto answers = send_(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) settle(requests[i], answers[i]);
  }

  // Without what stands behind a message of its group that comes again.
  MessageRequest free_ones(const MessageRequest& request) {
    MessageRequest free;
    for (const OutgoingMessage* message : request) {
      if (stuck_.contains(message->group)) {
        results_[message->effect] =
            fail(Fault::unavailable, "it waits for what stands before it in its group");
      } else {
        free.push_back(message);
      }
    }
    return free;
  }

 private:
  void settle(const MessageRequest& request, const std::vector<Result<>>& answers) {
    const bool all_refused = std::ranges::all_of(answers, [](const Result<>& answer) {
      return !answer && answer.error().fault == Fault::bad_event;
    });
    if (all_refused && request.size() > 1) {
      const auto middle = request.begin() + static_cast<std::ptrdiff_t>(request.size() / 2);
      for (const auto& half :
           {MessageRequest(request.begin(), middle), MessageRequest(middle, request.end())}) {
        const MessageRequest free = free_ones(half);
        if (!free.empty()) send({free});
      }
      return;
    }
    for (std::size_t i = 0; i < request.size(); ++i) {
      results_[request[i]->effect] = answers[i];
      if (comes_again(answers[i]) && !request[i]->group.empty()) stuck_.insert(request[i]->group);
    }
  }

  const SendRequests& send_;
  std::vector<Result<>>& results_;
  std::set<std::string_view> stuck_;  // Groups.
};

}  // namespace

void send_messages(const std::vector<OutgoingMessage>& messages, const SendRequests& send,
                   std::vector<Result<>>& results) {
  MessageRequest unordered;
  std::vector<MessageRequest> of_lane(lanes);
  for (const OutgoingMessage& message : messages) {
    if (message.group.empty()) {
      unordered.push_back(&message);
    } else {
      of_lane[std::hash<std::string>()(message.group) % lanes].push_back(&message);
    }
  }
  Sending sending(send, results);
  sending.send(pack(unordered));
  std::vector<std::vector<MessageRequest>> in_order;
  std::size_t rounds = 0;
  for (const MessageRequest& lane : of_lane) {
    in_order.push_back(pack(lane));
    rounds = std::max(rounds, in_order.back().size());
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<MessageRequest> now;
    for (const auto& lane : in_order) {
      if (round >= lane.size()) continue;
      MessageRequest free = sending.free_ones(lane[round]);
      if (!free.empty()) now.push_back(std::move(free));
    }
    sending.send(now);
  }
}

std::vector<Result<>> send_effects(
    std::size_t effects, std::string_view place,
    const std::function<Result<OutgoingMessage>(std::size_t effect)>& make,
    const SendRequests& send) {
  std::vector<Result<>> results(effects);
  std::vector<OutgoingMessage> messages;
  messages.reserve(effects);
  for (std::size_t i = 0; i < effects; ++i) {
    auto message = make(i);
    if (message) {
      messages.push_back(std::move(*message));
    } else {
      results[i] = std::unexpected(message.error());
    }
  }
  send_messages(messages, send, results);
  bool all_done = true;
  for (Result<>& result : results) {
    if (result) continue;
    all_done = false;
    result.error().message = std::string(place) + ": " + result.error().message;
  }
  if (all_done) results.clear();
  return results;
}

}  // namespace tidemill::aws
