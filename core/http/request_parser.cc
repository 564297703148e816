#include "core/http/request_parser.h"

#include <algorithm>
#include <utility>

#include "core/http/router.h"

namespace tidemill {
namespace {

// Of a body whose length is told: as much at once, and not more on the word of a stranger.
constexpr std::uint64_t reserve_max = 64 * 1024;

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RequestParser::RequestParser(const HttpLimits& limits) {
  header_limit(limits.header_bytes_max);
  body_limit(limits.body_bytes_max);
  head_.reserve(512);
}

std::string_view RequestParser::take_head(HttpRequest& request) {
  // Who decides by Host must not read another one than a proxy in front does (RFC 9112, 3.2).
  if (hosts_ > 1) return "the request names two hosts";
  if (hosts_ == 0 && version_ >= 11) return "the request has no Host header";
  request.method = method_;
  if (!set_target(request, target_)) return "the request's target has a malformed escape";
  request.params.clear();
  request.admitted.reset();
  request.head = std::move(head_);
  const std::string_view text(request.head.data(), request.head.size());
  request.headers.clear();
  request.headers.reserve(pieces_.size());
  for (const Piece& piece : pieces_)
    request.headers.push_back(
        {text.substr(piece.name, piece.name_size), text.substr(piece.value, piece.value_size)});
  request.content_type = content_type_ ? request.headers[*content_type_].value : "";
  return {};
}

std::uint32_t RequestParser::keep(std::string_view text) {
  const auto start = static_cast<std::uint32_t>(head_.size());
  head_.insert(head_.end(), text.begin(), text.end());
  return start;
}

void RequestParser::on_request_impl(boost::beast::http::verb, string_view method,
                                    string_view target, int version, error_code&) {
  method_ = view_of(method);
  target_ = view_of(target);
  version_ = static_cast<unsigned>(version);
}

void RequestParser::on_field_impl(field name, string_view name_text, string_view value,
                                  error_code& error) {
  // Of another coding nobody knows where its body ends, and what would be the next request.
  if (name == field::transfer_encoding && !same_header(view_of(value), "chunked"))
    error = boost::beast::http::make_error_code(boost::beast::http::error::bad_transfer_encoding);
  if (name == field::host) ++hosts_;
  if (name == field::content_type) content_type_ = pieces_.size();
  if (name == field::expect) expects_continue_ = same_header(view_of(value), "100-continue");
  const auto name_at = keep(view_of(name_text));
  std::ranges::transform(head_.begin() + name_at, head_.end(), head_.begin() + name_at,
                         ascii_lower);
  pieces_.push_back({name_at, static_cast<std::uint32_t>(name_text.size()), keep(view_of(value)),
                     static_cast<std::uint32_t>(value.size())});
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (length && keep_) body_.reserve(std::min(*length, reserve_max));
}

std::size_t RequestParser::on_body_impl(string_view piece, error_code&) {
  if (keep_) body_.append(piece.data(), piece.size());
  return piece.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view piece, error_code& error) {
  return on_body_impl(piece, error);
}

}  // namespace tidemill
