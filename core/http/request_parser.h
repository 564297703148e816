// RequestParser: the bytes of one request into an HttpRequest. Beast's grammar; what it finds goes
// straight to where it is used, so that a request costs a handful of allocations.
//
// No I/O; fed by HttpConnection. One request each.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/http.h"

namespace tidemill {

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(const HttpLimits& limits);

  /// The head, once is_header_done(): everything but the body, in place of what the request was
  /// before. Once. What is wrong with it, as a sentence; empty: nothing.
  std::string_view take_head(HttpRequest& request);

  /// The body, once is_done().
  std::string take_body() { return std::move(body_); }

  /// From now on the body is read and not kept.
  void discard_body() { keep_ = false; }

  unsigned version() const { return version_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  using error_code = boost::beast::error_code;
  using field = boost::beast::http::field;
  using string_view = boost::beast::string_view;

  // Where a piece of the head's text is, while that grows.
  struct Piece {
    std::uint32_t name, name_size, value, value_size;
  };

  std::uint32_t keep(std::string_view text);

  void on_request_impl(boost::beast::http::verb verb, string_view method, string_view target,
                       int version, error_code& error) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view name_text, string_view value,
                     error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
  std::size_t on_body_impl(string_view piece, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override;
  void on_finish_impl(error_code&) override {}

  std::string method_, target_;
  std::vector<char> head_;
  boost::container::small_vector<Piece, 16> pieces_;
  std::optional<std::size_t> content_type_;  // Which of them.
  std::string body_;
  unsigned version_ = 11;
  unsigned hosts_ = 0;
  bool keep_ = true;
  bool expects_continue_ = false;
};

}  // namespace tidemill
