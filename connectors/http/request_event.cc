#include "request_event.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api_gateway_event.h"
#include "cloudevents/cloud_events.h"

namespace tidemill::http {
namespace {

constexpr std::string_view request_type = "com.tidemill.http.request";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// What the views of one event lie in.
struct Kept {
  std::shared_ptr<const std::string> source;
  std::string text;
  std::vector<Attribute> extensions;
};

// The same for one that had an owner already.
struct KeptWithOrigin {
  std::shared_ptr<const void> event;
  std::shared_ptr<const std::string> origin;
};

// A piece of a text that still grows.
struct Piece {
  std::size_t start = 0;
  std::size_t size = 0;

  std::string_view in(std::string_view text) const { return text.substr(start, size); }
};

Piece append(std::string& text, std::string_view piece) {
  text += piece;
  return {text.size() - piece.size(), piece.size()};
}

Piece append_lower(std::string& text, std::string_view piece) {
  for (const char c : piece) text += lower(c);
  return {text.size() - piece.size(), piece.size()};
}

void append_hex(std::string& text, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(number >> shift) & 15];
}

}  // namespace

RequestEvents::RequestEvents(const SourceConfig& config, std::string source)
    : source_(std::make_shared<const std::string>(std::move(source))),
      id_header_(config.id_header),
      detects_(config.event == Shape::detect || config.event == Shape::cloudevents),
      cloud_events_only_(config.event == Shape::cloudevents),
      plain_(config.plain_shape()),
      secret_headers_{"authorization", "proxy-authorization", "cookie"} {
  for (const std::string& name : {config.auth.header, config.verify.hmac.header}) {
    std::string& own = secret_headers_.emplace_back();
    std::ranges::transform(name, std::back_inserter(own), lower);
  }
  if (!config.auth.api_keys.empty()) proofs_.push_back(config.auth.header);
  if (!config.auth.bearer.empty() || !config.auth.basic.empty())
    proofs_.emplace_back("Authorization");
}

Result<std::vector<Event>> RequestEvents::make(
    HttpRequest request, const Admitted& admitted, WallTime now,
    std::pair<std::uint64_t, std::uint64_t> chance) const {
  if (detects_) {
    const auto mode = cloudevents::mode_of(request.headers, cloudevents::http_binding);
    if (mode != cloudevents::Mode::none) return cloud_events(std::move(request), now);
    if (cloud_events_only_)
      return fail(Fault::bad_event,
                  "this is no CloudEvent: send its attributes as headers (ce-id, ce-source, "
                  "ce-type, ce-specversion), or application/cloudevents+json");
  }
  std::vector<Event> one;
  one.push_back(plain(std::move(request), admitted, now, chance));
  return one;
}

Result<std::vector<Event>> RequestEvents::cloud_events(HttpRequest request, WallTime now) const {
  const auto mode = cloudevents::mode_of(request.headers, cloudevents::http_binding);
  auto events = cloudevents::read_events(mode, cloudevents::http_binding, request.headers,
                                         std::move(request.body));
  if (!events) return std::unexpected(events.error());
  for (Event& event : *events) {
    event.origin = *source_;
    const std::string_view data = event.data.view();
    event.data =
        Bytes(data, std::make_shared<KeptWithOrigin>(KeptWithOrigin{event.data.owner(), source_}));
    event.ingested = IngestTime(now.value);
    if (event.time.value == 0) event.time = EventTime(now.value);
  }
  return events;
}

// Of another caller, or where somebody waits for the reply of another request, the same key is
// another one: nobody must get what was replied to somebody else.
std::string RequestEvents::id_of(const HttpRequest& request, const Admitted& admitted) const {
  const std::string_view key = id_header_.empty() ? "" : request.header(id_header_);
  std::string id;
  if (key.empty()) return id;
  if (!admitted.caller.empty()) id.append(admitted.caller).append("/");
  if (plain_ == Shape::request) id.append(request.method).append(" ").append(request.path) += ' ';
  return id.append(key);
}

// The caller's name says enough, and data is kept: in dead letters, for instance.
void RequestEvents::remove_proofs(HttpRequest& request) const {
  std::erase_if(request.headers, [this](const HttpHeader& header) {
    return std::ranges::any_of(
        proofs_, [&](const std::string& name) { return same_header(name, header.name); });
  });
}

Event RequestEvents::plain(HttpRequest request, const Admitted& admitted, WallTime now,
                           std::pair<std::uint64_t, std::uint64_t> chance) const {
  auto kept = std::make_shared<Kept>();
  kept->source = source_;
  std::string& text = kept->text;
  Event event;
  Piece data, id, content_type;
  std::vector<std::pair<Piece, Piece>> extensions;
  const std::string own_id = id_of(request, admitted);
  if (!proofs_.empty()) remove_proofs(request);
  if (plain_ == Shape::request) {
    std::string request_id;
    append_hex(request_id, chance.first);
    append_hex(request_id, chance.second);
    text.reserve(1024 + request.body.size());
    append_api_gateway_event(text, {.method = request.method,
                                    .path = request.path,
                                    .query = request.query_text,
                                    .headers = request.headers,
                                    .body = request.body,
                                    .route_key = admitted.match.route->key,
                                    .params = admitted.match.params,
                                    .source_ip = request.peer,
                                    .request_id = request_id,
                                    .caller = admitted.caller,
                                    .time = now,
                                    .api_id = *source_});
    data = {0, text.size()};
  } else {
    text = std::move(request.body);
    data = {0, text.size()};
    content_type = append(text, request.content_type);
    for (const HttpHeader& header : request.headers) {
      const Piece name = append_lower(text, header.name);
      if (std::ranges::find(secret_headers_, name.in(text)) != secret_headers_.end()) continue;
      extensions.emplace_back(name, append(text, header.value));
    }
  }
  id = append(text, own_id);
  const Piece subject = append(text, request.path);

  const std::string_view all = text;
  kept->extensions.reserve(extensions.size());
  for (const auto& [name, value] : extensions)
    kept->extensions.push_back({name.in(all), value.in(all)});
  event.extensions = kept->extensions;
  event.id = id.in(all);
  event.subject = subject.in(all);
  event.content_type = plain_ == Shape::request ? "application/json" : content_type.in(all);
  event.source = *source_;
  event.type = request_type;
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  event.data = Bytes(data.in(all), std::move(kept));
  return event;
}

}  // namespace tidemill::http
