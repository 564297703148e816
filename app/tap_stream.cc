#include "app/tap_stream.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <tuple>
#include <utility>

#include "core/config/scalars.h"
#include "core/pattern/compile.h"

namespace tidemill::app {
namespace {

// Of one piece: a reader that is slow in taking it gets the next one fresher.
constexpr std::size_t piece_bytes = 64 << 10;

std::unexpected<Error> wrong(std::string_view name, std::string_view expected,
                             const std::string& got) {
  return fail(Fault::bad_config,
              std::string(name) + ": expected " + std::string(expected) + "; got '" + got + "'");
}

Result<TapPoint> point_of(const std::string& word) {
  if (word == "source") return TapPoint::source;
  if (word == "function") return TapPoint::function;
  if (word == "sinks") return TapPoint::sinks;
  return wrong("at", "source, function or sinks", word);
}

std::optional<std::uint64_t> positive(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace

Task<std::optional<std::string>> TapStream::next() {
  const Instant until = scheduler_.now() + silence_max;
  while (!tap_->has_news() && !tap_->closed() && scheduler_.now() < until)
    std::ignore = co_await tap_->changed().wait_until(until);
  std::string text = piece();
  if (text.empty() && tap_->closed()) co_return std::nullopt;
  if (text.empty()) text = ": nothing new\n\n";
  co_return std::optional(std::move(text));
}

std::string TapStream::piece() {
  std::string text;
  if (const std::uint64_t dropped = tap_->take_dropped(); dropped > 0)
    text = "event: dropped\ndata: {\"dropped\":" + std::to_string(dropped) + "}\n\n";
  while (text.size() < piece_bytes) {
    const auto line = tap_->take();
    if (!line) break;
    text.append("data: ").append(*line).append("\n\n");
  }
  return text;
}

Result<TapOptions> tap_options(const HttpRequest& request) {
  TapOptions options;
  const auto at = point_of(request.query_or("at", "source"));
  if (!at) return std::unexpected(at.error());
  options.at = *at;
  if (const std::string where = request.query_or("where", ""); !where.empty()) {
    const auto compiled = pattern::compile(std::string_view(where));
    if (!compiled) return fail(Fault::bad_config, "where: " + compiled.error().message);
    options.where.emplace(std::span(&*compiled, 1));
  }
  if (const std::string sample = request.query_or("sample", ""); !sample.empty()) {
    const auto number = positive(sample);
    if (!number) return wrong("sample", "a number from 1, as 100 for one in a hundred", sample);
    options.sample = *number;
  }
  if (const std::string rate = request.query_or("rate", ""); !rate.empty()) {
    const auto per_second = config::parse_rate(rate);
    if (!per_second || *per_second <= 0) return wrong("rate", "a rate such as 10/s", rate);
    options.rate = *per_second;
  }
  if (const std::string limit = request.query_or("limit_bytes", ""); !limit.empty()) {
    const auto bytes = config::parse_bytes(limit);
    if (!bytes) return wrong("limit_bytes", "a size such as 4KiB", limit);
    options.data_bytes_max = std::min<std::size_t>(*bytes, Tap::bytes_max);
  }
  return options;
}

}  // namespace tidemill::app
