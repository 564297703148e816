#include "oauth_token.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <span>
#include <utility>

#include "aws/digest.h"
#include "aws/uri.h"

namespace tidemill::http {
namespace {

namespace json = boost::json;

constexpr std::uint64_t answer_bytes_max = 256 * 1024;

// Renewed so long before it expires: clocks differ, and requests take their time.
constexpr auto ahead_max = std::chrono::seconds(60);
constexpr std::chrono::seconds lasts_max = std::chrono::days(365);

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  const json::string* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

json::value parsed(std::string_view text) {
  boost::system::error_code error;
  json::value whole = json::parse(text, error);
  return error ? json::value() : whole;
}

bool can_be_sent(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

std::string basic(const OauthOptions& options) {
  // As forms encode them, says RFC 6749 2.3.1.
  const std::string login =
      aws::uri_encode(options.client_id) + ':' + aws::uri_encode(options.client_secret.value);
  return "Basic " +
         aws::base64(std::span(reinterpret_cast<const std::uint8_t*>(login.data()), login.size()));
}

}  // namespace

ConfigSpec<OauthOptions> oauth_spec() {
  return ConfigSpec<OauthOptions>("A token of OAuth 2, by client credentials.")
      .field("token_url", &OauthOptions::token_url, "Where tokens are to be had.")
      .field("client_id", &OauthOptions::client_id, "Who asks for them.")
      .field("client_secret", &OauthOptions::client_secret, "The secret that proves it.")
      .field("scope", &OauthOptions::scope, "What the token is to be good for.")
      .field("audience", &OauthOptions::audience, "For whom, where the endpoint wants to know.")
      .check("oauth2 needs token_url, client_id and client_secret", [](const OauthOptions& o) {
        const bool all = o.on() && !o.client_id.empty() && !o.client_secret.value.empty();
        const bool none = !o.on() && o.client_id.empty() && o.client_secret.value.empty() &&
                          o.scope.empty() && o.audience.empty();
        return all || none;
      });
}

Result<Token> parse_token_answer(std::string_view text) {
  const json::value whole = parsed(text);
  const json::object* const object = whole.if_object();
  if (object == nullptr) return fail(Fault::unavailable, "what it answers is no JSON object");
  Token token{.text = text_of(*object, "access_token")};
  if (!can_be_sent(token.text))
    return fail(Fault::unavailable, "what it answers has no access_token");
  const std::string type = text_of(*object, "token_type");
  if (!type.empty() && !http_client::same_name(type, "bearer"))
    return fail(Fault::unavailable, "the token is of the type " + type + ", not Bearer");
  if (const json::value* const lasts = object->if_contains("expires_in")) {
    boost::system::error_code error;
    const auto seconds = lasts->to_number<double>(error);
    if (!error && seconds > 0)
      token.lasts = std::chrono::seconds(
          static_cast<std::int64_t>(std::min(seconds, static_cast<double>(lasts_max.count()))));
  }
  return token;
}

std::string parse_token_refusal(std::string_view text) {
  const json::value whole = parsed(text);
  const json::object* const object = whole.if_object();
  if (object == nullptr) return {};
  std::string reason = text_of(*object, "error");
  const std::string more = text_of(*object, "error_description");
  if (!reason.empty() && !more.empty()) reason.append(": ");
  return reason.append(more).substr(0, 200);
}

Result<std::unique_ptr<TokenSource>> TokenSource::make(const OauthOptions& options,
                                                       const TlsOptions& tls, Duration timeout,
                                                       Clock clock) {
  auto server = http_client::parse_url(options.token_url);
  if (!server) return fail(Fault::bad_config, "oauth2.token_url: " + server.error().message);
  auto client = http_client::Client::make({.server = std::move(*server),
                                           .tls = tls,
                                           .timeouts = {.idle = timeout},
                                           .side_by_side_max = 1});
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<TokenSource>(
      new TokenSource(options, std::move(*client), std::move(clock)));
}

TokenSource::TokenSource(const OauthOptions& options, std::unique_ptr<http_client::Client> client,
                         Clock clock)
    : options_(options), client_(std::move(client)), clock_(std::move(clock)) {}

Result<std::string> TokenSource::token() {
  const std::lock_guard lock(mutex_);
  if (token_ && (!renew_at_ || clock_() < *renew_at_)) return *token_;
  auto fetched = fetch();
  if (!fetched) return std::unexpected(std::move(fetched.error()));
  token_ = std::move(fetched->text);
  renew_at_.reset();
  if (fetched->lasts.count() > 0)
    renew_at_ = clock_() + fetched->lasts - std::min(ahead_max, fetched->lasts / 5);
  return *token_;
}

void TokenSource::refused(std::string_view token) {
  const std::lock_guard lock(mutex_);
  if (token_ == token) token_.reset();
}

Result<Token> TokenSource::fetch() {
  std::vector<std::pair<std::string, std::string>> form{{"grant_type", "client_credentials"}};
  std::string scope;
  for (const std::string& one : options_.scope) scope += (scope.empty() ? "" : " ") + one;
  if (!scope.empty()) form.emplace_back("scope", scope);
  if (!options_.audience.empty()) form.emplace_back("audience", options_.audience);
  const std::string body = aws::uri_query(std::move(form));
  http_client::Request request;
  request.method = "POST";
  request.target = client_->server().path.empty() ? "/" : client_->server().path;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"},
                     {"Authorization", basic(options_)}};
  request.body = body;
  request.answer_bytes_max = answer_bytes_max;
  const auto answer = client_->send(request);
  if (!answer) return std::unexpected(answer.error());
  const std::string who = client_->server().origin() + ": ";
  if (answer->ok()) {
    auto token = parse_token_answer(answer->body);
    if (!token) token.error().message.insert(0, who);
    return token;
  }
  // Busy, or away; all else is about what we asked for.
  const bool later = answer->status == 429 || answer->status == 408 || answer->status >= 500;
  std::string message =
      who + "answers " + std::to_string(answer->status) + " to the request for a token";
  if (const std::string why = parse_token_refusal(answer->body); !why.empty())
    message.append(": ").append(why);
  if (!later) message += "; correct oauth2";
  return fail(later ? Fault::unavailable : Fault::bad_config, std::move(message));
}

}  // namespace tidemill::http
