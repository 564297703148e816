#include "http_sink.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

namespace tidemill::http {
namespace {

using http_client::Header;
using http_client::Request;
using http_client::Response;

constexpr auto longest_wait = std::chrono::seconds(300);
constexpr std::size_t reason_bytes_max = 200;
constexpr std::string_view correct_login = "; correct auth, bearer, api_key or oauth2";

// In seconds; dates are not looked at.
std::chrono::milliseconds retry_after(const Response& answer) {
  const std::string_view text = answer.header("retry-after");
  unsigned seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), longest_wait);
}

// What the status says should become of the message.
Fault fault_of(unsigned status) {
  switch (status) {
    case 401:  // It is we who are refused.
    case 407:
    case 408:  // Of the server and its state, whatever it is sent.
    case 425:
    case 429:
    case 502:
    case 503:
    case 504:
      return Fault::unavailable;
    default:
      break;
  }
  // A redirect says that the url is wrong, and nothing about the message.
  if (status / 100 == 3) return Fault::unavailable;
  // A server may fail at one message and not at others.
  return status >= 500 ? Fault::transient : Fault::bad_event;
}

bool is_text(std::string_view bytes) { return simdjson::validate_utf8(bytes); }

// The beginning of a text, on one line; nothing of what is none.
std::string reason_of(const Response& answer) {
  constexpr std::size_t character_bytes_max = 4;
  std::string text = answer.body.substr(0, reason_bytes_max);
  // The cut may go through a character.
  for (std::size_t i = 1; i < character_bytes_max && !text.empty() && !is_text(text); ++i)
    text.pop_back();
  if (!is_text(text)) return {};
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

}  // namespace

HttpSink::HttpSink(RequestMaker requests, std::unique_ptr<http_client::Client> client,
                   std::unique_ptr<TokenSource> tokens, Services services)
    : requests_(std::move(requests)),
      client_(std::move(client)),
      tokens_(std::move(tokens)),
      services_(std::move(services)) {}

SinkTraits HttpSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = true};
}

Task<Result<std::string>> HttpSink::reach() {
  auto work = [this] { return look(); };
  auto found = co_await run_blocking(services_.scheduler, std::move(work));
  co_return found;
}

// HEAD changes nothing, by its definition; that a server does not know it is an answer, too.
Result<std::string> HttpSink::look() {
  Request request;
  request.method = "HEAD";
  request.target = requests_.fixed_target();
  request.headers = requests_.credentials();
  if (tokens_) {
    auto token = tokens_->token();
    if (!token) return std::unexpected(token.error());
    request.headers.push_back({"Authorization", "Bearer " + *token});
  }
  const auto answer = client_->send(request);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 401) {
    Error error = refused(*answer);
    error.fault = Fault::bad_config;
    return std::unexpected(std::move(error));
  }
  return "it answers HEAD with " + std::to_string(answer->status);
}

Task<Result<>> HttpSink::open() {
  if (!tokens_) co_return Result<>();
  auto work = [this] { return tokens_->token(); };
  const auto token = co_await run_blocking(services_.scheduler, std::move(work));
  if (!token) co_return std::unexpected(token.error());
  co_return Result<>();
}

Task<std::vector<Result<>>> HttpSink::write(SinkBatch batch) {
  auto work = [this, batch, now = services_.scheduler.wall()] {
    return write_messages(batch, now);
  };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time.
HttpSink::Results HttpSink::write_messages(const SinkBatch& batch, WallTime now) {
  Results results(batch.effects.size());
  std::vector<Prepared> prepared;
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    auto one = requests_.prepare(batch, i);
    if (one) {
      prepared.push_back(std::move(*one));
    } else {
      results[i] = std::unexpected(std::move(one.error()));
    }
  }
  const bool batched = requests_.config().cloudevents == CloudEventsMode::batched;
  if (batched) prepared = requests_.packed(std::move(prepared));
  // What has to stay behind another one waits for a later round: messages of one key, and batches
  // to one place, which may hold the same key.
  std::map<std::string_view, std::size_t> seen;
  std::vector<std::vector<const Prepared*>> rounds;
  for (const Prepared& one : prepared) {
    const std::string_view key =
        batched ? std::string_view(one.target) : batch.effects[one.effects.front()].key;
    const std::size_t round = key.empty() ? 0 : seen[key]++;
    if (rounds.size() <= round) rounds.resize(round + 1);
    rounds[round].push_back(&one);
  }
  std::map<std::string_view, Error> stopped;  // By key: what one in front of it is put off for.
  for (const auto& round : rounds) {
    std::vector<const Prepared*> going;
    const auto key_of = [&](const Prepared& one) {
      return batched ? std::string_view(one.target) : batch.effects[one.effects.front()].key;
    };
    for (const Prepared* one : round) {
      const auto before = stopped.find(key_of(*one));
      if (before == stopped.end()) {
        going.push_back(one);
        continue;
      }
      for (const std::size_t effect : one->effects)
        results[effect] = std::unexpected(before->second);
    }
    send(batch, going, now, results);
    for (const Prepared* one : going)
      for (const std::size_t effect : one->effects)
        if (!key_of(*one).empty() && !results[effect] &&
            results[effect].error().fault != Fault::bad_event)
          stopped.emplace(key_of(*one), results[effect].error());
  }
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  return results;
}

void HttpSink::send(const SinkBatch& batch, std::span<const Prepared* const> prepared, WallTime now,
                    Results& results) {
  if (prepared.empty()) return;
  const auto answers = exchange(batch, prepared, now);
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (answers) {
      settle(batch, *prepared[i], (*answers)[i], now, results);
    } else {
      for (const std::size_t effect : prepared[i]->effects)
        results[effect] = std::unexpected(answers.error());
    }
  }
}

// One answer for each. What a server refuses our token for is sent once more with another one.
Result<HttpSink::Answers> HttpSink::exchange(const SinkBatch& batch,
                                             std::span<const Prepared* const> prepared,
                                             WallTime now) {
  std::vector<Request> requests;
  for (const Prepared* one : prepared) {
    const std::string id = header_id(effect_id(batch, batch.effects[one->effects.front()]));
    requests.push_back(requests_.request(*one, id, now));
  }
  if (!tokens_) return client_->send_all(requests);

  const auto token = [this]() -> Result<Header> {
    auto text = tokens_->token();
    // Whatever is wrong with our login, nothing is with the messages.
    if (!text && text.error().fault != Fault::cancelled)
      return fail(Fault::unavailable, std::move(text.error().message));
    if (!text) return std::unexpected(std::move(text.error()));
    return Header{"Authorization", "Bearer " + *text};
  };
  auto login = token();
  if (!login) return std::unexpected(std::move(login.error()));
  for (Request& request : requests) request.headers.push_back(*login);
  Answers answers = client_->send_all(requests);

  std::vector<std::size_t> again;
  std::vector<Request> repeats;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i] && answers[i]->status == 401) again.push_back(i);
  if (again.empty()) return answers;
  tokens_->refused(std::string_view(login->value).substr(std::string_view("Bearer ").size()));
  login = token();
  if (!login) return std::unexpected(std::move(login.error()));
  for (const std::size_t i : again) {
    repeats.push_back(requests[i]);
    repeats.back().headers.back() = *login;
  }
  Answers repeated = client_->send_all(repeats);
  for (std::size_t i = 0; i < again.size(); ++i) answers[again[i]] = std::move(repeated[i]);
  return answers;
}

void HttpSink::settle(const SinkBatch& batch, const Prepared& prepared,
                      const Result<Response>& answer, WallTime now, Results& results) {
  if (answer && answer->ok()) return;
  Error error;
  if (answer) {
    error = refused(*answer);
  } else {
    error = answer.error();
    // A server that is another one than it should be, too: its messages are sound.
    if (error.fault == Fault::bad_config) error.fault = Fault::unavailable;
  }
  if (error.fault == Fault::bad_event && prepared.effects.size() > 1) {
    // Which of them is to blame, says a request that has it alone.
    const auto [first, second] = requests_.halves(batch, prepared);
    for (const Prepared* half : {&first, &second}) send(batch, {&half, 1}, now, results);
    return;
  }
  for (const std::size_t effect : prepared.effects) results[effect] = std::unexpected(error);
}

Error HttpSink::refused(const Response& answer) const {
  Error error{fault_of(answer.status), {}, retry_after(answer)};
  error.message = place() + ": answers " + std::to_string(answer.status);
  if (answer.status / 100 == 3) {
    const std::string_view location = answer.header("location");
    error.message.append(location.empty() ? "" : " to ").append(location);
    error.message += "; redirects are not followed, correct url";
  } else if (const std::string reason = reason_of(answer); !reason.empty()) {
    error.message.append(": ").append(reason);
  }
  if (answer.status == 401) error.message += correct_login;
  return error;
}

Task<> HttpSink::close() {
  client_->interrupt();
  if (tokens_) tokens_->interrupt();
  co_return;
}

}  // namespace tidemill::http
