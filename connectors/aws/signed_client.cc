#include "signed_client.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <string_view>

#include "utc_time.h"

namespace tidemill::aws {
namespace {

using http_client::Response;

bool says_one_of(const Response& response, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&response](std::string_view word) {
    return response.body.find(word) != std::string::npos;
  });
}

// Credentials that were good until now; new ones may lie where the old ones came from.
bool has_expired(const Response& response) {
  return (response.status == 400 || response.status == 403) &&
         says_one_of(response, {"ExpiredToken", "TokenRefreshRequired"});
}

// Signatures are good for some minutes around the service's time.
bool is_out_of_time(const Response& response) {
  return (response.status == 400 || response.status == 403) &&
         says_one_of(response, {"RequestTimeTooSkewed", "RequestExpired", "Signature expired",
                                "Signature not yet current"});
}

// What SQS and SNS say with 400 or 403: in their JSON, and in XML.
bool is_throttled(const Response& response) {
  return (response.status == 400 || response.status == 403) &&
         says_one_of(response, {"#RequestThrottled", "#ThrottlingException", "#KmsThrottled",
                                "\"ThrottlingException", "<Code>Throttl", "<Code>RequestThrottled",
                                "<Code>KMSThrottling"});
}

bool is_worth_another(const SignedClient::Answer& answer) {
  if (answer) return may_pass(*answer);
  return passes(answer.error().fault);
}

}  // namespace

bool may_pass(const Response& response) {
  const unsigned status = response.status;
  // What it does not have, it will not have soon: 501 and 505 are answers.
  if (status / 100 == 5) return status != 501 && status != 505;
  if (status == 408 || status == 429) return true;
  // S3's word for 408.
  if (status == 400 && response.body.find("RequestTimeout") != std::string::npos) return true;
  return is_throttled(response) || has_expired(response);
}

Result<std::unique_ptr<SignedClient>> SignedClient::make(Options options) {
  auto client = http_client::Client::make(options.http);
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<SignedClient>(new SignedClient(std::move(options), std::move(*client)));
}

SignedClient::SignedClient(Options options, std::unique_ptr<http_client::Client> client)
    : options_(std::move(options)),
      client_(std::move(client)),
      credentials_(options_.credentials, options_.environment),
      chance_(options_.seed) {}

SignedClient::Answer SignedClient::send(const Request& request, Patience patience) {
  return std::move(send_all(std::span(&request, 1), patience).front());
}

std::vector<SignedClient::Answer> SignedClient::send_all(std::span<const Request> requests,
                                                         Patience patience) {
  std::vector<std::size_t> open(requests.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  std::vector<Answer> answers(requests.size(), fail(Fault::cancelled, "interrupted"));
  const auto started = options_.clock().value;
  const std::uint32_t attempts_max = patience == Patience::little
                                         ? std::min(2U, options_.retry.attempts)
                                         : options_.retry.attempts;
  bool learned = false;
  for (std::uint32_t attempt = 1; !open.empty(); ++attempt) {
    const bool may_learn = !learned;
    auto some = send_once(requests, open);
    for (std::size_t i = 0; i < open.size(); ++i) answers[open[i]] = std::move(some[i]);
    std::erase_if(open, [&](std::size_t i) {
      if (answers[i] && has_expired(*answers[i])) credentials_.forget();
      if (may_learn && learn_time(answers[i])) {
        learned = true;
        return false;
      }
      return !is_worth_another(answers[i]);
    });
    if (may_learn && learned) continue;
    const auto give_up_at =
        started + static_cast<std::uint64_t>(options_.retry.give_up_after.count());
    if (open.empty() || attempt >= attempts_max) break;
    const Duration wait = backoff(attempt);
    if (options_.clock().value + static_cast<std::uint64_t>(wait.count()) > give_up_at) break;
    if (!client_->pause(wait)) break;
  }
  return answers;
}

std::vector<SignedClient::Answer> SignedClient::send_once(std::span<const Request> requests,
                                                          std::span<const std::size_t> which) {
  const WallTime now = this->now();
  const auto credentials = credentials_.get(now);
  if (!credentials) return {which.size(), std::unexpected(credentials.error())};
  std::vector<Request> sent;
  sent.reserve(which.size());
  for (const std::size_t i : which) {
    sent.push_back(requests[i]);
    sign(sent.back(), server().authority(), options_.scope, *credentials, now);
  }
  return client_->send_all(sent);
}

// Does the service complain of the time, and say which it is? It is ours then.
bool SignedClient::learn_time(const Answer& answer) {
  if (!answer || !is_out_of_time(*answer)) return false;
  const auto date = parse_http_date(answer->header("date"));
  if (!date) return false;
  ahead_ =
      static_cast<std::int64_t>(date->value) - static_cast<std::int64_t>(options_.clock().value);
  return true;
}

WallTime SignedClient::now() const {
  const auto ours = static_cast<std::int64_t>(options_.clock().value);
  return WallTime(static_cast<std::uint64_t>(ours + ahead_.load()));
}

// A random part of it ("full jitter"), so that those who failed together do not come back together.
Duration SignedClient::backoff(std::uint32_t attempt) {
  const auto doubled = options_.retry.initial * (std::int64_t{1} << std::min(attempt - 1, 20U));
  const auto most = static_cast<std::uint64_t>(std::min(doubled, options_.retry.max).count());
  // SplitMix64.
  std::uint64_t z = chance_.fetch_add(0x9e3779b97f4a7c15) + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return Duration(static_cast<Duration::rep>((z ^ (z >> 31)) % (most + 1)));
}

}  // namespace tidemill::aws
