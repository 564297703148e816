#include "core/letters/letter_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "core/base/timestamp.h"
#include "core/config/scalars.h"
#include "core/pattern/compile.h"

namespace tidemill::letters {
namespace {

std::string word(const Words& words, std::string_view name) {
  const auto found = words.find(name);
  return found == words.end() ? std::string() : found->second;
}

Result<WallTime> read_since(const std::string& text, WallTime now) {
  if (const auto ago = config::parse_duration(text); ago && *ago >= 0)
    return WallTime(now.value - std::min(now.value, static_cast<std::uint64_t>(*ago)));
  if (const auto instant = parse_timestamp(text)) return WallTime(instant->value);
  return fail(Fault::bad_config,
              "since: expected a duration such as 2h, or an instant such as 2026-11-26T04:00:00Z; "
              "got '" +
                  text + "'");
}

Result<std::vector<std::uint64_t>> read_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), number);
    if (error != std::errc{} || end != one.data() + one.size())
      return fail(Fault::bad_config,
                  "number: expected numbers of dead letters, as `dlq list` "
                  "prints them; got '" +
                      std::string(one) + "'");
    numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

Result<LetterFilter> LetterFilter::read(const Words& words, WallTime now) {
  LetterFilter filter;
  filter.pipeline_ = word(words, "pipeline");
  filter.function_ = word(words, "function");
  filter.code_ = word(words, "code");
  filter.stage_ = word(words, "stage");
  const std::array stages = {name_of(Stage::source), name_of(Stage::step), name_of(Stage::function),
                             name_of(Stage::sink)};
  if (!filter.stage_.empty() && std::ranges::find(stages, filter.stage_) == stages.end())
    return fail(Fault::bad_config,
                "stage: expected source, step, function or sink; got '" + filter.stage_ + "'");
  if (const std::string since = word(words, "since"); !since.empty()) {
    const auto instant = read_since(since, now);
    if (!instant) return std::unexpected(instant.error());
    filter.since_ = *instant;
  }
  auto numbers = read_numbers(word(words, "number"));
  if (!numbers) return std::unexpected(numbers.error());
  filter.numbers_ = std::move(*numbers);
  if (const std::string where = word(words, "where"); !where.empty()) {
    const auto compiled = pattern::compile(std::string_view(where));
    if (!compiled) return fail(Fault::bad_config, "where: " + compiled.error().message);
    filter.where_.emplace(std::span(&*compiled, 1));
  }
  return filter;
}

bool LetterFilter::matches(const ShownLetter& shown) {
  const DeadLetter& letter = shown.letter;
  const auto asks = [](const std::string& wanted, std::string_view is) {
    return wanted.empty() || wanted == is;
  };
  if (!asks(pipeline_, shown.pipeline) || !asks(function_, letter.function)) return false;
  if (!asks(stage_, name_of(letter.stage)) || !asks(code_, letter.code)) return false;
  if (letter.died < since_) return false;
  if (!numbers_.empty() && !std::ranges::binary_search(numbers_, letter.number)) return false;
  if (!where_) return true;
  const auto matches = where_->match(matched_line(shown), scratch_);
  return matches && !matches->empty();
}

bool LetterFilter::everything() const {
  return pipeline_.empty() && function_.empty() && stage_.empty() && code_.empty() &&
         since_.value == 0 && numbers_.empty() && !where_;
}

}  // namespace tidemill::letters
