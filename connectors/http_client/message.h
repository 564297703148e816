// Request and Response: one exchange with a server over HTTP/1.1. Values; no I/O.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::http_client {

struct Header {
  std::string name;
  std::string value;
};

inline bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// A piece of an open file.
struct FilePart {
  int descriptor = -1;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";      ///< Path and query as they are sent: percent-encoded.
  std::vector<Header> headers;   ///< Host and Content-Length are added.
  std::string_view body;         ///< Lives until the answer is there.
  std::optional<FilePart> file;  ///< The body instead of `body`.

  /// May be sent once more where a connection turns out to have been closed before any answer came:
  /// the server may then have done it already.
  bool repeatable = true;

  /// An answer with a longer body is refused with Fault::bad_event.
  std::uint64_t answer_bytes_max = 64u << 20;

  /// Takes the body of a 2xx answer piece by piece, instead of Response::body; `offset` is where in
  /// it the piece is, and 0 again when the request is repeated. What it fails with is the answer
  /// then. Must not throw.
  std::function<Result<>(std::uint64_t offset, std::string_view piece)> receive;
};

struct Response {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;

  bool ok() const { return status / 100 == 2; }

  /// Of the first header of that name; empty when there is none.
  std::string_view header(std::string_view name) const {
    for (const Header& header : headers)
      if (same_name(header.name, name)) return header.value;
    return {};
  }
};

}  // namespace tidemill::http_client
