// Whatever comes as a request over HTTP is routed or not, and becomes an event that is JSON: the
// first line of the input is its target, then come headers, then after an empty line the body.

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/api_gateway_event.h"
#include "http/route_table.h"

namespace {

using namespace tidemill;
using namespace tidemill::http;

std::string_view next(std::string_view& text, char end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

const RouteTable& routes() {
  static const RouteTable table = [] {
    RouteTable made;
    for (const auto key : {"GET /", "GET /a", "POST /a/{b}", "GET /a/{b}/c", "ANY /a/{rest+}"})
      if (!made.add({.key = key, .owner = nullptr, .owner_name = "fuzz"})) std::abort();
    return made;
  }();
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view target = next(rest, '\n');
  ApiRequest request;
  request.method = "GET";
  request.path = next(target, '?');
  request.query = target;
  std::vector<HttpHeader> headers;
  for (auto line = next(rest, '\n'); !line.empty(); line = next(rest, '\n')) {
    const auto name = next(line, ':');
    headers.push_back({name, line});
  }
  request.headers = headers;
  request.body = rest;
  const RouteMatch match = routes().find(request.method, request.path);
  request.params = match.params;
  if (match.route) request.route_key = match.route->key;

  std::string event;
  append_api_gateway_event(event, request);
  simdjson::dom::parser parser;
  if (parser.parse(event).error() != simdjson::SUCCESS) std::abort();
  return 0;
}
