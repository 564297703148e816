#include "http_sink_request.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/url/parse.hpp>
#include <cstdint>

#include "aws/digest.h"
#include "json_text/cloud_event.h"
#include "tidemill/http_words.h"

namespace tidemill::http {
namespace {

namespace json = boost::json;
using http_client::Header;

constexpr std::size_t id_bytes_max = 255;  // What receivers of Idempotency-Key take.

// What belongs to the connection, or has an option of its own.
constexpr std::string_view refused_names[] = {"Authorization",     "Connection", "Content-Length",
                                              "Content-Type",      "Expect",     "Host",
                                              "Transfer-Encoding", "Upgrade"};

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Printable ASCII but for what `also` names is as it is, all else %XX: as CloudEvents' binding of
// HTTP wants values of headers.
std::string header_text(std::string_view text, std::string_view also) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && also.find(c) == also.npos) {
      out += c;
    } else {
      out.append("%").append(1, hex[byte / 16]).append(1, hex[byte % 16]);
    }
  }
  return out;
}

Result<> check_name(std::string_view name) {
  if (!is_header_name(name))
    return fail(Fault::bad_config, "headers: no header has the name " + std::string(name));
  for (const std::string_view refused : refused_names)
    if (http_client::same_name(name, refused))
      return fail(Fault::bad_config, "headers: " + std::string(name) +
                                         " is not set here; there are options for logins and for "
                                         "content_type");
  return {};
}

std::string whole_url(const SinkConfig& config) {
  std::string url = config.url;
  if (!config.path.empty() && url.ends_with('/')) url.pop_back();
  return url + config.path;
}

std::string structured(const SinkBatch& batch, const Effect& effect) {
  std::string text;
  append_cloud_event(text, batch, effect);
  text.pop_back();  // Its line end.
  return text;
}

}  // namespace

std::string header_id(const std::string& effect_id) {
  std::string text = header_text(effect_id, "\"");
  return text.size() <= id_bytes_max ? text : aws::hex(aws::sha256(effect_id));
}

Result<RequestMaker> RequestMaker::make(const SinkConfig& config,
                                        const CompileExpression& compile) {
  RequestMaker made;
  made.config_ = config;
  const std::string whole = whole_url(config);
  const std::string_view url = whole;
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == url.npos ? 0 : scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?{", host), url.size());
  if (url.substr(end).starts_with('{'))
    return fail(Fault::bad_config, "url: the server cannot be filled in, only path and query");
  auto server = http_client::parse_url(url.substr(0, end));
  if (!server) return fail(Fault::bad_config, "url: " + server.error().message);
  made.server_ = std::move(*server);
  std::string target(url.substr(end));
  if (!target.starts_with('/')) target.insert(0, "/");
  auto parsed = Template::parse(target, Template::Use::target, compile);
  if (!parsed) return fail(Fault::bad_config, "url: " + parsed.error().message);
  made.target_ = std::move(*parsed);
  if (boost::urls::parse_origin_form(made.target_.sample()).has_error())
    return fail(
        Fault::bad_config,
        "url: path and query have to be percent-encoded, without a fragment, got: " + target);
  if (auto read = made.read_headers(compile); !read) return std::unexpected(read.error());
  if (config.auth.mechanism == AuthMechanism::plain)
    made.credentials_.push_back(
        {"Authorization", "Basic " + aws::base64(bytes_of(config.auth.username + ':' +
                                                          config.auth.password.value))});
  if (!config.bearer.value.empty())
    made.credentials_.push_back({"Authorization", "Bearer " + config.bearer.value});
  if (!config.api_key.header.empty())
    made.credentials_.push_back({config.api_key.header, config.api_key.value.value});
  auto signature = RequestSignature::make(config.sign);
  if (!signature) return std::unexpected(signature.error());
  made.signature_ = std::move(*signature);
  return made;
}

Result<> RequestMaker::read_headers(const CompileExpression& compile) {
  for (const std::string& name : {config_.id_header, config_.api_key.header, config_.sign.header})
    if (!name.empty() && !is_header_name(name))
      return fail(Fault::bad_config, "no header has the name " + name);
  if (config_.headers.json.empty()) return {};
  boost::system::error_code error;
  const json::value whole = json::parse(config_.headers.json, error);
  if (error || !whole.is_object())
    return fail(Fault::bad_config, "headers takes a mapping of names to texts");
  for (const auto& [name, value] : whole.get_object()) {
    if (auto checked = check_name(name); !checked) return checked;
    if (!value.is_string())
      return fail(Fault::bad_config, "headers: " + std::string(name) + " takes a text");
    auto text = Template::parse(value.get_string(), Template::Use::header, compile);
    if (!text)
      return fail(Fault::bad_config, "headers: " + std::string(name) + ": " + text.error().message);
    headers_.emplace_back(name, std::move(*text));
  }
  return {};
}

std::string RequestMaker::place() const {
  const std::string url = whole_url(config_);
  return url.substr(0, url.find('?'));
}

std::string RequestMaker::fixed_target() const {
  std::string_view path = target_.prefix();
  path = path.substr(0, path.find('?'));
  if (target_.sample().size() > target_.prefix().size() && path.size() == target_.prefix().size())
    path = path.substr(0, path.rfind('/') + 1);
  return std::string(path);
}

std::string_view RequestMaker::method() const {
  switch (config_.method) {
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "POST";
}

Result<Prepared> RequestMaker::prepare(const SinkBatch& batch, std::size_t index) const {
  const Effect& effect = batch.effects[index];
  const Event& event = batch.events[effect.event];
  Prepared made{.target = {}, .headers = {}, .body = {}, .effects = {index}};
  auto target = target_.fill(event, effect);
  if (!target) return fail(target.error().fault, "url: " + target.error().message);
  made.target = std::move(*target);
  for (const auto& [name, text] : headers_) {
    auto value = text.fill(event, effect);
    if (!value) return fail(value.error().fault, "headers: " + name + ": " + value.error().message);
    made.headers.push_back({name, std::move(*value)});
  }
  const std::string id = header_id(effect_id(batch, effect));
  const bool batched = config_.cloudevents == CloudEventsMode::batched;
  if (!config_.id_header.empty() && !batched) made.headers.push_back({config_.id_header, id});
  std::string type = config_.content_type;
  if (type.empty()) type = effect.content_type.empty() ? "application/json" : effect.content_type;
  switch (config_.cloudevents) {
    case CloudEventsMode::binary:
      for (const auto& [name, value] : cloud_event_attributes(batch, effect))
        made.headers.push_back({"ce-" + std::string(name), header_text(value, "\"%")});
      made.body = effect.data;
      break;
    case CloudEventsMode::off:
      if (config_.method != Method::del) made.body = effect.data;
      break;
    case CloudEventsMode::structured:
      type = "application/cloudevents+json";
      made.body = structured(batch, effect);
      break;
    case CloudEventsMode::batched:
      type = "application/cloudevents-batch+json";
      made.body = '[' + structured(batch, effect) + ']';
      break;
  }
  if (!made.body.empty()) made.headers.push_back({"Content-Type", std::move(type)});
  return made;
}

std::vector<Prepared> RequestMaker::packed(std::vector<Prepared> prepared) const {
  const auto same_headers = [](const Prepared& a, const Prepared& b) {
    return std::ranges::equal(a.headers, b.headers, [](const Header& x, const Header& y) {
      return x.name == y.name && x.value == y.value;
    });
  };
  std::vector<Prepared> all;
  for (Prepared& one : prepared) {
    // The latest one to the same place, so that what goes there stays in order.
    const auto last = std::ranges::find_if(all.rbegin(), all.rend(), [&](const Prepared& other) {
      return other.target == one.target && same_headers(other, one);
    });
    const bool fits = last != all.rend() && last->effects.size() < config_.request_events &&
                      last->body.size() + one.body.size() <= config_.request_bytes.value;
    if (!fits) {
      all.push_back(std::move(one));
      continue;
    }
    last->body.back() = ',';
    last->body.append(one.body, 1);
    last->effects.push_back(one.effects.front());
  }
  return all;
}

std::pair<Prepared, Prepared> RequestMaker::halves(const SinkBatch& batch,
                                                   const Prepared& whole) const {
  const auto made_of = [&](std::span<const std::size_t> effects) {
    Prepared half{.target = whole.target,
                  .headers = whole.headers,
                  .body = "[",
                  .effects = {effects.begin(), effects.end()}};
    for (const std::size_t effect : effects)
      half.body += structured(batch, batch.effects[effect]) + ',';
    half.body.back() = ']';
    return half;
  };
  const std::span effects(whole.effects);
  const std::size_t middle = effects.size() / 2;
  return {made_of(effects.first(middle)), made_of(effects.subspan(middle))};
}

http_client::Request RequestMaker::request(const Prepared& prepared, std::string_view id,
                                           WallTime now) const {
  http_client::Request request;
  request.method = method();
  request.target = prepared.target;
  request.headers = prepared.headers;
  request.headers.insert(request.headers.end(), credentials_.begin(), credentials_.end());
  signature_.append(request.headers, id, now, prepared.body);
  request.body = prepared.body;
  request.answer_bytes_max = 1 << 20;
  // What it says beyond that it is done is nobody's to read.
  request.receive = [](std::uint64_t, std::string_view) { return Result<>(); };
  return request;
}

}  // namespace tidemill::http
