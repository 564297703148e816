#include "expression.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tidemill::schedule {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> shortcuts{
    {{"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"},
     {"@monthly", "0 0 1 * *"},
     {"@weekly", "0 0 * * 0"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@hourly", "0 * * * *"}}};

constexpr std::array<std::pair<std::string_view, seconds>, 4> units{
    {{"second", seconds(1)}, {"minute", minutes(1)}, {"hour", hours(1)}, {"day", days(1)}}};

constexpr seconds period_max = days(36'500);

std::unexpected<Error> wrong(std::size_t column, std::string_view what) {
  return fail(Fault::bad_config, "column " + std::to_string(column) + ": " + std::string(what));
}

// What stands between the parentheses of `name(...)`; empty: it is no such call.
std::optional<std::string_view> inside(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(name.size());
  if (!text.starts_with('(')) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

template <class Number>
bool take(std::string_view& text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

Result<Expression> rate(std::string_view text, std::size_t column) {
  constexpr std::string_view rule =
      "expected a whole number and second(s), minute(s), hour(s) or "
      "day(s), as in rate(5 minutes)";
  std::string_view rest = text;
  std::int64_t count = 0;
  if (!take(rest, count) || count < 1 || !rest.starts_with(' ')) return wrong(column, rule);
  rest.remove_prefix(1);
  column += text.size() - rest.size();
  const bool plural = rest.ends_with('s');
  const std::string_view name = rest.substr(0, rest.size() - (plural ? 1 : 0));
  for (const auto& [unit, length] : units) {
    if (name != unit) continue;
    if (plural != (count > 1))
      return wrong(column, "1 takes the singular and more the plural; write " + std::string(unit) +
                               (plural ? "" : "s"));
    if (count > period_max / length) return wrong(column, "more than 100 years");
    return Every{count * length};
  }
  return wrong(column, rule);
}

// Takes so many digits and the character behind them; 0: that is the end of the text.
bool take_digits(std::string_view& text, std::size_t count, char then, int& number) {
  const std::string_view digits = text.substr(0, count);
  if (digits.size() < count || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  std::from_chars(digits.data(), digits.data() + count, number);
  text.remove_prefix(count);
  if (then == '\0') return text.empty();
  if (!text.starts_with(then)) return false;
  text.remove_prefix(1);
  return true;
}

Result<Expression> at(std::string_view text, std::size_t column) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  std::string_view rest = text;
  const bool has_form = take_digits(rest, 4, '-', y) && take_digits(rest, 2, '-', mo) &&
                        take_digits(rest, 2, 'T', d) && take_digits(rest, 2, ':', h) &&
                        take_digits(rest, 2, ':', mi) && take_digits(rest, 2, '\0', s);
  if (!has_form)
    return wrong(column, "expected a local time as in at(2030-01-31T08:00:00), without a zone");
  const std::chrono::year_month_day date{std::chrono::year(y),
                                         std::chrono::month(static_cast<unsigned>(mo)),
                                         std::chrono::day(static_cast<unsigned>(d))};
  if (!date.ok() || y < first_year || y > last_year || h > 23 || mi > 59 || s > 59)
    return wrong(column, "there is no such time: " + std::string(text));
  return Once{std::chrono::local_days(date) + hours(h) + minutes(mi) + seconds(s)};
}

template <class Parsed>
Result<Expression> widened(Result<Parsed> parsed) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return Expression(std::move(*parsed));
}

}  // namespace

Result<Expression> parse_expression(std::string_view text) {
  if (const auto fields = inside(text, "cron")) return widened(Cron::parse_aws(*fields, 6));
  if (const auto period = inside(text, "rate")) return rate(*period, 6);
  if (const auto time = inside(text, "at")) return at(*time, 4);
  for (const auto& [name, fields] : shortcuts)
    if (text == name) return widened(Cron::parse_unix(fields));
  if (text.empty() || text.starts_with('@') || text.find_first_of("()") != std::string_view::npos)
    return wrong(1,
                 "expected cron(six fields), rate(5 minutes), at(2030-01-31T08:00:00), the five "
                 "fields of Unix, @hourly, @daily, @weekly, @monthly or @yearly");
  auto parsed = Cron::parse_unix(text);
  if (!parsed && Cron::parse_aws(text))
    return wrong(1, "six fields are AWS's; write cron(" + std::string(text) + ")");
  return widened(std::move(parsed));
}

}  // namespace tidemill::schedule
