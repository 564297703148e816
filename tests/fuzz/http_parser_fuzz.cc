// The bytes of a request, whatever they are, come to the same request however the network cuts
// them: the first byte of the input says where.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/request_parser.h"

namespace {

using namespace tidemill;
namespace http = boost::beast::http;

constexpr std::uint32_t head_max = 1024;

struct Read {
  HttpRequest request;
  std::size_t rest = 0;  // Bytes behind it: of the next one.
};

// As a connection reads: what is not taken stays, and more is put behind it.
std::optional<Read> read(std::string_view bytes, std::size_t piece) {
  HttpLimits limits;
  limits.header_bytes_max = head_max;
  limits.body_bytes_max = 1024;
  RequestParser parser(limits);
  Read read;
  std::string waiting;
  bool has_head = false;
  while (!bytes.empty()) {
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (!parser.is_done()) {
      boost::beast::error_code error;
      const std::size_t taken = parser.put(boost::asio::buffer(waiting), error);
      waiting.erase(0, taken);
      if (error == http::error::need_more) break;
      if (error) return std::nullopt;
      if (parser.is_header_done() && !std::exchange(has_head, true)) {
        if (!parser.take_head(read.request).empty()) return std::nullopt;
        parser.eager(true);
      }
      if (taken == 0 && waiting.empty()) break;
    }
    if (parser.is_done()) break;
  }
  if (!parser.is_done() || !has_head) return std::nullopt;
  read.request.body = parser.take_body();
  read.rest = waiting.size() + bytes.size();
  return read;
}

bool same(const HttpRequest& a, const HttpRequest& b) {
  const auto equal = [](const HttpHeader& one, const HttpHeader& other) {
    return one.name == other.name && one.value == other.value;
  };
  return a.method == b.method && a.path == b.path && a.query_text == b.query_text &&
         a.content_type == b.content_type && a.body == b.body &&
         std::ranges::equal(a.headers, b.headers, equal);
}

// How much of a head counts towards its limit, Beast makes depend by some bytes on how it is cut.
bool is_about_too_large(std::string_view bytes) {
  constexpr std::string_view end = "\r\n\r\n";
  return std::min(bytes.find(end), bytes.size()) + end.size() > head_max;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(bytes, bytes.size() + 1);
  const auto pieces = read(bytes, data[0] % 64 + 1);
  if (whole.has_value() != pieces.has_value() && !is_about_too_large(bytes)) std::abort();
  if (!whole || !pieces) return 0;
  if (!same(whole->request, pieces->request) || whole->rest != pieces->rest) std::abort();
  if (whole->request.body.size() > 1024) std::abort();
  return 0;
}
