#include "request_event.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "api_gateway_event.h"
#include "cloudevents/cloud_events.h"

namespace tidemill::http {
namespace {

constexpr std::string_view request_type = "com.tidemill.http.request";

// What the views of one event lie in.
struct Kept {
  std::shared_ptr<const std::string> source;
  std::vector<char> head;  // Of the request: its headers.
  std::string body;
  std::string path;
  std::string id;
  boost::container::small_vector<Attribute, 8> extensions;
};

// The same for one that had an owner already.
struct KeptWithOrigin {
  std::shared_ptr<const void> event;
  std::shared_ptr<const std::string> origin;
};

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
    std::ranges::transform(name, std::back_inserter(own), ascii_lower);
  }
  if (!config.auth.api_keys.empty()) proofs_.push_back(config.auth.header);
  if (!config.auth.bearer.empty() || !config.auth.basic.empty())
    proofs_.emplace_back("Authorization");
}

Result<> RequestEvents::make(HttpRequest& request, const Admitted& admitted, WallTime now,
                             const Chance& chance, Events& out) const {
  if (detects_) {
    const auto mode = cloudevents::mode_of(request.headers, cloudevents::http_binding);
    if (mode != cloudevents::Mode::none) return cloud_events(request, now, out);
    if (cloud_events_only_)
      return fail(Fault::bad_event,
                  "this is no CloudEvent: send its attributes as headers (ce-id, ce-source, "
                  "ce-type, ce-specversion), or application/cloudevents+json");
  }
  out.push_back(plain(request, admitted, now, chance));
  return {};
}

Result<> RequestEvents::cloud_events(HttpRequest& request, WallTime now, Events& out) const {
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
  std::ranges::move(*events, std::back_inserter(out));
  return {};
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

bool RequestEvents::is_secret(const HttpHeader& header) const {
  return std::ranges::find(secret_headers_, header.name) != secret_headers_.end();
}

std::string RequestEvents::gateway_event(const HttpRequest& request, const Admitted& admitted,
                                         WallTime now, const Chance& chance) const {
  std::string request_id;
  append_hex(request_id, chance.first);
  append_hex(request_id, chance.second);
  std::string text;
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
  return text;
}

Event RequestEvents::plain(HttpRequest& request, const Admitted& admitted, WallTime now,
                           const Chance& chance) const {
  auto kept = std::make_shared<Kept>();
  kept->source = source_;
  kept->id = id_of(request, admitted);
  if (!proofs_.empty()) remove_proofs(request);
  Event event;
  if (plain_ == Shape::request) {
    kept->body = gateway_event(request, admitted, now, chance);
    request.body = std::string();  // Its memory, too: the event has a copy.
    event.content_type = "application/json";
  } else {
    kept->body = std::move(request.body);
    kept->head = std::move(request.head);
    event.content_type = request.content_type;
    for (const HttpHeader& header : request.headers)
      if (!is_secret(header)) kept->extensions.push_back({header.name, header.value});
  }
  kept->path = std::move(request.path);
  event.extensions = kept->extensions;
  event.id = kept->id;
  event.subject = kept->path;
  event.source = *source_;
  event.type = request_type;
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  const std::string_view data = kept->body;
  event.data = Bytes(data, std::move(kept));
  return event;
}

}  // namespace tidemill::http
