#include "sns_topic.h"

#include <utility>

#include "aws/endpoint.h"
#include "aws/uri.h"
#include "sns_answer.h"

namespace tidemill::sns {
namespace {

constexpr std::uint64_t answer_bytes_max = 1u << 20;

// "Message=a&Subject=b" as parameters of that entry.
void append_entry(std::string& form, std::size_t number, std::string_view parameters) {
  const std::string name = "PublishBatchRequestEntries.member." + std::to_string(number + 1) + '.';
  form.append("&").append(name).append("Id=").append(std::to_string(number));
  while (!parameters.empty()) {
    const auto end = parameters.find('&');
    form.append("&").append(name).append(parameters.substr(0, end));
    parameters.remove_prefix(end == parameters.npos ? parameters.size() : end + 1);
  }
}

}  // namespace

Result<std::unique_ptr<SnsTopic>> SnsTopic::make(const std::string& arn,
                                                 const aws::AwsOptions& options,
                                                 const Services& services,
                                                 const aws::RetryOptions& retry) {
  auto parsed = parse_topic_arn(arn);
  if (!parsed) return std::unexpected(parsed.error());
  const std::string region = options.region.empty() ? parsed->region : options.region;
  auto server = aws::endpoint_of(options, "https://sns." + region + ".amazonaws.com");
  if (!server) return std::unexpected(server.error());
  const Scheduler& scheduler = services.scheduler;
  aws::SignedClient::Options client_options{
      // Shorter than a drain takes at most, so that a server that hangs does not outlast it.
      .http = {.server = std::move(*server),
               .tls = options.tls,
               .timeouts = {.idle = std::chrono::seconds(20)}},
      .scope = {region, "sns", aws::CanonicalPath::encoded_again},
      .credentials = options.credentials(),
      .environment = aws::process_environment(),
      .retry = retry,
      .clock = [&scheduler] { return scheduler.wall(); },
      .seed = services.scheduler.random()};
  auto client = aws::SignedClient::make(std::move(client_options));
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<SnsTopic>(new SnsTopic(arn, std::move(*parsed), std::move(*client)));
}

SnsTopic::SnsTopic(const std::string& arn, TopicArn parsed,
                   std::unique_ptr<aws::SignedClient> client)
    : arn_(std::move(parsed)),
      client_(std::move(client)),
      to_{client_->server().origin(), "SNS", "topic " + arn_.name},
      named_("&TopicArn=" + aws::uri_encode(arn) + "&Version=2010-03-31"),
      place_("sns:" + client_->server().authority() + '/' + arn) {}

SnsTopic::Request SnsTopic::request(std::string_view form) const {
  Request request;
  request.method = "POST";
  request.target = client_->server().path + '/';
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = form;
  request.answer_bytes_max = answer_bytes_max;
  return request;
}

Error SnsTopic::refused(const Response& answer) const { return aws::refused(to_, answer); }

Result<> SnsTopic::find() {
  const std::string form = "Action=GetTopicAttributes" + named_;
  const auto answer = client_->send(request(form), aws::Patience::little);
  if (!answer) return std::unexpected(answer.error());
  // Who may publish need not be allowed to look.
  if (answer->ok() || aws::is_denied(aws::parse_refusal(answer->body))) return {};
  return std::unexpected(refused(*answer));
}

std::vector<std::vector<Result<>>> SnsTopic::publish(
    const std::vector<aws::MessageRequest>& batches) {
  std::vector<std::string> forms;
  for (const aws::MessageRequest& batch : batches) {
    std::string& form = forms.emplace_back("Action=PublishBatch" + named_);
    for (std::size_t i = 0; i < batch.size(); ++i) append_entry(form, i, batch[i]->entry);
  }
  std::vector<Request> requests;
  for (const std::string& form : forms) requests.push_back(request(form));
  const auto answers = client_->send_all(requests);
  std::vector<std::vector<Result<>>> results;
  for (std::size_t i = 0; i < batches.size(); ++i)
    results.push_back(results_of(answers[i], batches[i].size()));
  return results;
}

std::vector<Result<>> SnsTopic::results_of(const Result<Response>& answer,
                                           std::size_t entries) const {
  const auto all = [entries](const Error& error) {
    return std::vector<Result<>>(entries, std::unexpected(error));
  };
  if (!answer) return all(answer.error());
  if (!answer->ok()) return all(aws::just_now(refused(*answer)));
  const auto outcomes = parse_publish_batch(answer->body, entries);
  if (!outcomes)
    return all({Fault::unavailable, to_.origin + " answers what is no answer to PublishBatch", {}});
  std::vector<Result<>> results;
  for (const EntryAnswer& one : *outcomes) {
    std::string message = to_.origin + " answers " + one.code;
    if (!one.message.empty()) message += ": " + one.message;
    if (one.done) {
      results.emplace_back();
    } else if (!one.answered) {
      results.emplace_back(
          fail(Fault::unavailable, to_.origin + " does not say what became of a message"));
    } else {
      const bool busy = one.code.find("Throttl") != std::string::npos;
      results.emplace_back(fail(one.senders_fault && !busy ? Fault::bad_event : Fault::unavailable,
                                std::move(message)));
    }
  }
  return results;
}

}  // namespace tidemill::sns
