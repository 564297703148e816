#include "search_sink.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "aws/digest.h"

namespace tidemill::search {
namespace {

using http_client::Request;
using http_client::Response;

// The server's own limit.
constexpr std::size_t id_bytes_max = 512;
constexpr auto longest_wait = std::chrono::seconds(300);

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string authorization_of(const SinkConfig& config) {
  if (!config.api_key.value.empty()) return "ApiKey " + config.api_key.value;
  if (config.auth.mechanism == AuthMechanism::none) return {};
  return "Basic " + aws::base64(bytes_of(config.auth.username + ':' + config.auth.password.value));
}

// Whether the status speaks of the server, the index or our login rather than of what was sent.
bool of_the_server(unsigned status) {
  return status == 401 || status == 403 || status == 404 || status == 429 || status >= 500;
}

// In seconds; dates are not looked at.
std::chrono::milliseconds retry_after(const Response& answer) {
  const std::string_view text = answer.header("retry-after");
  unsigned seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), longest_wait);
}

}  // namespace

SearchSink::SearchSink(SinkConfig config, std::shared_ptr<const EventExpression> id,
                       std::unique_ptr<http_client::Client> client, Services services)
    : config_(std::move(config)),
      id_(std::move(id)),
      client_(std::move(client)),
      services_(std::move(services)),
      authorization_(authorization_of(config_)) {}

SinkTraits SearchSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = true};
}

std::string SearchSink::place() const {
  const http_client::Url& server = client_->server();
  return "search:" + server.authority() + server.path + '/' + config_.index;
}

Task<Result<std::string>> SearchSink::reach() {
  const Result<> opened = co_await open();
  if (!opened) co_return std::unexpected(opened.error());
  co_return "it answers";
}

Task<Result<>> SearchSink::open() {
  auto work = [this] { return probe(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

Result<> SearchSink::probe() {
  Request request;
  request.target = client_->server().path + '/';
  if (!authorization_.empty()) request.headers = {{"Authorization", authorization_}};
  const auto answer = client_->send(request);
  if (!answer) return std::unexpected(answer.error());
  // Who may write need not be allowed to look at the server.
  if (answer->ok() || answer->status == 403) return {};
  Error error = refused(*answer);
  const bool later = answer->status == 429 || answer->status >= 500;
  error.fault = later ? Fault::unavailable : Fault::bad_config;
  if (answer->status == 401) error.message += "; correct auth or api_key";
  return std::unexpected(std::move(error));
}

Task<std::vector<Result<>>> SearchSink::write(SinkBatch batch) {
  auto work = [this, batch] { return write_documents(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time.
SearchSink::Results SearchSink::write_documents(const SinkBatch& batch) {
  Results results(batch.effects.size());
  std::vector<Item> items;
  items.reserve(batch.effects.size());
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    auto item = item_of(batch, i);
    if (item) {
      items.push_back(std::move(*item));
    } else {
      results[i] = std::unexpected(std::move(item.error()));
    }
  }
  // What has an id that an earlier one has, too, waits for a later round.
  std::map<std::string_view, std::vector<const Item*>> by_id;
  std::size_t rounds = 0;
  for (const Item& item : items) {
    auto& same = by_id[item.id];
    same.push_back(&item);
    rounds = std::max(rounds, same.size());
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<const Item*> now;
    for (const Item& item : items) {
      const auto& same = by_id[item.id];
      if (round >= same.size() || same[round] != &item) continue;
      // After a write that is to be repeated, a later one of the same id must not win: the repeat
      // of the first would come after it.
      const Result<>* const before = round == 0 ? nullptr : &results[same[round - 1]->effect];
      if (before != nullptr && !*before && before->error().fault != Fault::bad_event) {
        results[item.effect] = std::unexpected(before->error());
      } else {
        now.push_back(&item);
      }
    }
    send(now, results);
  }
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  return results;
}

Result<Item> SearchSink::item_of(const SinkBatch& batch, std::size_t index) const {
  const Effect& effect = batch.effects[index];
  Item item{.verb = config_.action == Action::create ? Verb::create : Verb::index,
            .id = {},
            .document = effect.data,
            .effect = index};
  auto id = id_of(batch, effect);
  if (!id) return std::unexpected(std::move(id.error()));
  item.id = std::move(*id);
  // What was removed: Kafka's tombstones, and the row behind a change that there is no more.
  if (id_ != nullptr && (effect.data.empty() || effect.data == "null")) {
    item.verb = Verb::remove;
    item.document = {};
    return item;
  }
  if (auto checked = check_document(effect.data); !checked)
    return std::unexpected(std::move(checked.error()));
  return item;
}

Result<std::string> SearchSink::id_of(const SinkBatch& batch, const Effect& effect) const {
  if (id_ == nullptr) {
    std::string id = effect_id(batch, effect);
    return id.size() <= id_bytes_max ? id : aws::hex(aws::sha256(id));
  }
  auto id = id_->text(batch.events[effect.event], effect);
  if (!id) return fail(id.error().fault, "id: " + id.error().message);
  if (id->empty()) return fail(Fault::bad_event, "id: it is empty");
  if (id->size() > id_bytes_max)
    return fail(Fault::bad_event, "id: it has more than " + std::to_string(id_bytes_max) +
                                      " bytes, and a server takes no more");
  return id;
}

Request SearchSink::request_for(const Bulk& bulk) const {
  Request request;
  request.method = "POST";
  request.target = client_->server().path + '/' + config_.index + "/_bulk?";
  request.target += answer_filter;
  request.headers = {{"Content-Type", "application/x-ndjson"}};
  if (!authorization_.empty()) request.headers.push_back({"Authorization", authorization_});
  request.body = bulk.body;
  request.answer_bytes_max = answer_bytes_max(bulk.items.size());
  return request;
}

void SearchSink::send(std::span<const Item* const> items, Results& results) {
  for (auto bulks = pack(items, config_.request_bytes.value); !bulks.empty();) {
    std::vector<Request> requests;
    for (const Bulk& bulk : bulks) requests.push_back(request_for(bulk));
    const auto answers = client_->send_all(requests);
    std::vector<Bulk> smaller;
    for (std::size_t i = 0; i < bulks.size(); ++i) settle(bulks[i], answers[i], results, smaller);
    bulks = std::move(smaller);
  }
}

void SearchSink::settle(const Bulk& bulk, const Result<Response>& answer, Results& results,
                        std::vector<Bulk>& smaller) const {
  const auto all = [&](const Error& error) {
    for (const Item* item : bulk.items) results[item->effect] = std::unexpected(error);
  };
  if (!answer) {
    Error error{Fault::unavailable, place() + ": " + answer.error().message, {}};
    if (answer.error().fault == Fault::cancelled) error.fault = Fault::cancelled;
    return all(error);
  }
  if (answer->ok()) return settle_each(bulk, answer->body, results);
  Error error = refused(*answer);
  if (of_the_server(answer->status) || answer->status / 100 == 3) {
    error.retry_after = retry_after(*answer);
    return all(error);
  }
  // Too large, or one of them cannot be read: which, says a request that has it alone.
  if (bulk.items.size() == 1) {
    error.fault = Fault::bad_event;
    return all(error);
  }
  const std::span<const Item* const> items(bulk.items);
  for (const auto half : {items.first(items.size() / 2), items.subspan(items.size() / 2)})
    for (Bulk& piece : pack(half, config_.request_bytes.value)) smaller.push_back(std::move(piece));
}

void SearchSink::settle_each(const Bulk& bulk, std::string_view body, Results& results) const {
  auto answers = parse_bulk_answer(body);
  if (!answers || answers->size() != bulk.items.size()) {
    const std::string message = place() + ": what the server answers is no answer to _bulk";
    for (const Item* item : bulk.items) results[item->effect] = fail(Fault::unavailable, message);
    return;
  }
  for (std::size_t i = 0; i < bulk.items.size(); ++i) {
    const Item& item = *bulk.items[i];
    results[item.effect] = outcome_of(item, std::move((*answers)[i]));
  }
}

Result<> SearchSink::outcome_of(const Item& item, ItemAnswer answer) const {
  if (answer.done()) return {};
  // It was written or removed before: at another try, or by somebody else.
  if (item.verb == Verb::create && answer.status == 409) return {};
  if (item.verb == Verb::remove && answer.status == 404 && answer.reason.empty()) return {};
  Fault fault = Fault::bad_event;
  if (answer.status == 409 || answer.status == 500) fault = Fault::transient;
  if (of_the_server(answer.status) && answer.status != 500) fault = Fault::unavailable;
  std::string message = place() + ": answers " + std::to_string(answer.status);
  if (!answer.reason.empty()) message.append(": ").append(answer.reason);
  return fail(fault, std::move(message));
}

Error SearchSink::refused(const Response& answer) const {
  std::string message = place() + ": answers " + std::to_string(answer.status);
  if (const std::string reason = parse_refusal(answer.body); !reason.empty())
    message.append(": ").append(reason);
  return {Fault::unavailable, std::move(message), {}};
}

Task<> SearchSink::close() {
  client_->interrupt();
  co_return;
}

}  // namespace tidemill::search
