#include "sqs_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::sqs {
namespace {

// Ten messages of 1 MiB, should each of their characters be escaped, and what goes with them.
constexpr std::uint64_t received_bytes_max = 64u << 20;
constexpr std::uint64_t answer_bytes_max = 1u << 20;

// Longer than a server is asked to wait.
constexpr auto receive_idle = std::chrono::seconds(30);
// Shorter than a drain takes at most, so that a server that hangs does not outlast it.
constexpr auto other_idle = std::chrono::seconds(10);

void append_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

std::unexpected<Error> no_answer(const QueueAddress& address, std::string_view action) {
  return fail(Fault::unavailable,
              address.server.origin() + " answers what is no answer to " + std::string(action));
}

}  // namespace

Result<std::unique_ptr<SqsQueue>> SqsQueue::make(const QueueOptions& options,
                                                 const Services& services,
                                                 const aws::RetryOptions& retry) {
  const auto environment = aws::process_environment();
  auto address = address_of(options, environment);
  if (!address) return std::unexpected(address.error());
  const auto make_client = [&](std::chrono::seconds idle) {
    const Scheduler& scheduler = services.scheduler;
    aws::SignedClient::Options client_options{
        .http = {.server = address->server, .tls = options.aws.tls, .timeouts = {.idle = idle}},
        .scope = {address->region, "sqs", aws::CanonicalPath::encoded_again},
        .credentials = options.aws.credentials(),
        .environment = environment,
        .retry = retry,
        .clock = [&scheduler] { return scheduler.wall(); },
        .seed = services.scheduler.random()};
    return aws::SignedClient::make(std::move(client_options));
  };
  auto receiver = make_client(receive_idle);
  if (!receiver) return std::unexpected(receiver.error());
  auto client = make_client(other_idle);
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<SqsQueue>(
      new SqsQueue(std::move(*address), std::move(*receiver), std::move(*client)));
}

SqsQueue::SqsQueue(QueueAddress address, std::unique_ptr<aws::SignedClient> receiver,
                   std::unique_ptr<aws::SignedClient> client)
    : address_(std::move(address)),
      to_{address_.server.origin(), "SQS", "queue " + address_.name},
      receiver_(std::move(receiver)),
      client_(std::move(client)) {}

SqsQueue::Request SqsQueue::request(std::string_view action, std::string_view body) const {
  Request request;
  request.method = "POST";
  request.target = address_.server.path + '/';
  request.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                     {"X-Amz-Target", "AmazonSQS." + std::string(action)}};
  request.body = body;
  request.answer_bytes_max = answer_bytes_max;
  return request;
}

// {"QueueUrl":"..." - and what follows.
std::string SqsQueue::named() const {
  std::string body = "{";
  append_member(body, "QueueUrl", address_.url);
  return body;
}

Error SqsQueue::refused(const Response& answer) const { return aws::refused(to_, answer); }

Result<> SqsQueue::find() {
  if (address_.url.empty()) {
    std::string body = "{";
    append_member(body, "QueueName", address_.name);
    body += '}';
    const auto answer = client_->send(request("GetQueueUrl", body), aws::Patience::little);
    if (!answer) return std::unexpected(answer.error());
    if (!answer->ok()) return std::unexpected(refused(*answer));
    std::string url = parse_queue_url(answer->body);
    if (url.empty()) return no_answer(address_, "GetQueueUrl");
    address_.url = std::move(url);
  }
  const std::string body = named() + R"(,"AttributeNames":["QueueArn"]})";
  const auto answer = client_->send(request("GetQueueAttributes", body), aws::Patience::little);
  if (!answer) return std::unexpected(answer.error());
  if (answer->ok()) return {};
  // Who may take or send need not be allowed to look.
  if (aws::is_denied(aws::parse_refusal(answer->body))) return {};
  return std::unexpected(refused(*answer));
}

Result<std::string> SqsQueue::reach() {
  if (const Result<> there = find(); !there) return std::unexpected(there.error());
  const auto counts = count();
  if (!counts) return "the queue is there";
  return "the queue is there, with about " + std::to_string(counts->visible) + " messages to read";
}

Result<QueueCounts> SqsQueue::count() {
  const std::string body = named() + R"(,"AttributeNames":["ApproximateNumberOfMessages",)"
                                     R"("ApproximateNumberOfMessagesNotVisible",)"
                                     R"("ApproximateNumberOfMessagesDelayed"]})";
  const auto answer = client_->send(request("GetQueueAttributes", body), aws::Patience::little);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok()) return std::unexpected(aws::just_now(refused(*answer)));
  const auto counts = parse_counts(answer->body);
  if (!counts) return no_answer(address_, "GetQueueAttributes");
  return *counts;
}

std::vector<Result<std::vector<Message>>> SqsQueue::receive(std::span<const Receive> receives) {
  std::vector<std::string> bodies;
  for (const Receive& one : receives) {
    std::string& body = bodies.emplace_back(named());
    body += ",\"MaxNumberOfMessages\":" + std::to_string(one.messages);
    body += ",\"WaitTimeSeconds\":" + std::to_string(one.wait.count());
    body += ",\"VisibilityTimeout\":" + std::to_string(one.visibility.count());
    // AttributeNames is what MessageSystemAttributeNames was called before, and some know only
    // that.
    body += R"(,"MessageAttributeNames":["All"],"AttributeNames":["All"])";
    body += R"(,"MessageSystemAttributeNames":["All"])";
    if (!one.attempt.empty()) {
      body += ',';
      append_member(body, "ReceiveRequestAttemptId", one.attempt);
    }
    body += '}';
  }
  std::vector<Request> requests;
  for (const std::string& body : bodies) {
    requests.push_back(request("ReceiveMessage", body));
    requests.back().answer_bytes_max = received_bytes_max;
  }
  std::vector<Result<std::vector<Message>>> results;
  for (const auto& answer : receiver_->send_all(requests, aws::Patience::little)) {
    if (!answer) {
      results.emplace_back(std::unexpected(answer.error()));
    } else if (!answer->ok()) {
      Error error = aws::just_now(refused(*answer));
      if (error.fault == Fault::bad_event) error.fault = Fault::transient;
      results.emplace_back(std::unexpected(std::move(error)));
    } else if (auto messages = parse_messages(answer->body)) {
      results.emplace_back(std::move(*messages));
    } else {
      results.emplace_back(no_answer(address_, "ReceiveMessage"));
    }
  }
  return results;
}

std::vector<Result<>> SqsQueue::remove(std::span<const std::string> receipts) {
  return in_batches("DeleteMessageBatch", receipts, {});
}

std::vector<Result<>> SqsQueue::hide(std::span<const std::string> receipts,
                                     std::chrono::seconds time) {
  const std::string more = ",\"VisibilityTimeout\":" + std::to_string(time.count());
  return in_batches("ChangeMessageVisibilityBatch", receipts, more);
}

std::vector<Result<>> SqsQueue::in_batches(std::string_view action,
                                           std::span<const std::string> receipts,
                                           std::string_view more) {
  std::vector<std::string> bodies;
  for (std::size_t begin = 0; begin < receipts.size(); begin += batch_max) {
    std::string& body = bodies.emplace_back(named() + ",\"Entries\":[");
    const std::size_t end = std::min(begin + batch_max, receipts.size());
    for (std::size_t i = begin; i < end; ++i) {
      body.append(i == begin ? "{" : ",{").append("\"Id\":\"").append(std::to_string(i - begin));
      body += "\",";
      append_member(body, "ReceiptHandle", receipts[i]);
      body.append(more).append("}");
    }
    body += "]}";
  }
  std::vector<Request> requests;
  for (const std::string& body : bodies) requests.push_back(request(action, body));
  std::vector<Result<>> results;
  // Whoever asks for it does so again.
  for (const auto& answer : client_->send_all(requests, aws::Patience::little)) {
    const std::size_t entries = std::min(batch_max, receipts.size() - results.size());
    auto some = results_of(answer, entries);
    std::ranges::move(some, std::back_inserter(results));
  }
  return results;
}

std::vector<std::vector<Result<>>> SqsQueue::send(const std::vector<aws::MessageRequest>& batches) {
  std::vector<std::string> bodies;
  for (const aws::MessageRequest& entries : batches) {
    std::string& body = bodies.emplace_back(named() + ",\"Entries\":[");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      body.append(i == 0 ? "{" : ",{").append("\"Id\":\"").append(std::to_string(i));
      body.append("\",").append(entries[i]->entry).append("}");
    }
    body += "]}";
  }
  std::vector<Request> requests;
  for (const std::string& body : bodies) requests.push_back(request("SendMessageBatch", body));
  const auto answers = client_->send_all(requests);
  std::vector<std::vector<Result<>>> results;
  for (std::size_t i = 0; i < batches.size(); ++i)
    results.push_back(results_of(answers[i], batches[i].size()));
  return results;
}

std::vector<Result<>> SqsQueue::results_of(const Result<Response>& answer,
                                           std::size_t entries) const {
  const auto all = [entries](const Error& error) {
    return std::vector<Result<>>(entries, std::unexpected(error));
  };
  if (!answer) return all(answer.error());
  if (!answer->ok()) return all(aws::just_now(refused(*answer)));
  const auto outcomes = parse_batch(answer->body, entries);
  if (!outcomes) return all(no_answer(address_, "a batch").error());
  std::vector<Result<>> results;
  for (const EntryAnswer& one : *outcomes) {
    if (one.done) {
      results.emplace_back();
    } else if (!one.answered) {
      results.emplace_back(fail(Fault::unavailable, to_.origin + " does not say what became of a "
                                                                 "message"));
    } else {
      std::string message = to_.origin + " answers " + one.code;
      if (!one.message.empty()) message += ": " + one.message;
      const bool busy = one.code.find("Throttl") != std::string::npos;
      results.emplace_back(fail(one.senders_fault && !busy ? Fault::bad_event : Fault::unavailable,
                                std::move(message)));
    }
  }
  return results;
}

void SqsQueue::interrupt() {
  receiver_->interrupt();
  client_->interrupt();
}

}  // namespace tidemill::sqs
