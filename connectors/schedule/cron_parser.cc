// How Cron reads its fields. Every error names the column it stands in.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cron.h"

namespace tidemill::schedule {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> day_names{"SUN", "MON", "TUE", "WED",
                                                    "THU", "FRI", "SAT"};

// What one field may say. Names stand for `low` and what follows it.
struct Rule {
  std::string_view name;
  unsigned low;
  unsigned high;
  Names names;
};

constexpr Rule minute_rule{"minute", 0, 59, {}};
constexpr Rule hour_rule{"hour", 0, 23, {}};
constexpr Rule day_rule{"day of month", 1, 31, {}};
constexpr Rule month_rule{"month", 1, 12, month_names};
constexpr Rule aws_weekday_rule{"day of week", 1, 7, day_names};
constexpr Rule unix_weekday_rule{"day of week", 0, 7, day_names};
constexpr Rule year_rule{"year", first_year, last_year, {}};

constexpr unsigned days_of_week = 7;
constexpr unsigned weeks_of_month = 5;

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::string expected(const Rule& rule) {
  std::string text = "expected " + std::to_string(rule.low) + " to " + std::to_string(rule.high);
  if (!rule.names.empty())
    text.append(", ").append(rule.names.front()).append(" to ").append(rule.names.back());
  return text;
}

}  // namespace

class CronParser {
 public:
  CronParser(std::string_view text, std::size_t column) : text_(text), column_(column) {}

  Result<Cron> aws() {
    if (auto split = split_fields(6, "minute, hour, day of month, month, day of week and year");
        !split)
      return std::unexpected(split.error());
    if (auto read = read_common(); !read) return std::unexpected(read.error());
    const bool no_day = fields_[2] == "?";
    const bool no_weekday = fields_[4] == "?";
    if (no_day && no_weekday)
      return wrong(fields_[4], "only one of the two fields of days may be ?; write * here");
    if (!no_day && !no_weekday)
      return wrong(fields_[4],
                   "one of day of month and day of week has to be ?, the one that "
                   "says nothing");
    if (auto read = read_aws_day(); !read) return std::unexpected(read.error());
    if (auto read = read_aws_weekday(); !read) return std::unexpected(read.error());
    if (auto read = read_list(fields_[5], year_rule, cron_.years_); !read)
      return std::unexpected(read.error());
    return cron_;
  }

  Result<Cron> unix_fields() {
    if (auto split = split_fields(5, "minute, hour, day of month, month and day of week"); !split)
      return std::unexpected(split.error());
    if (auto read = read_common(); !read) return std::unexpected(read.error());
    if (auto read = read_days(fields_[2]); !read) return std::unexpected(read.error());
    std::bitset<days_of_week + 1> weekdays;  // Sunday is its first and its last.
    if (auto read = read_list(fields_[4], unix_weekday_rule, weekdays); !read)
      return std::unexpected(read.error());
    cron_.day_of_week_.kind = Cron::DayOfWeek::Kind::days;
    for (unsigned i = 0; i < weekdays.size(); ++i)
      if (weekdays[i]) cron_.day_of_week_.days.set(i % days_of_week);
    // Vixie's rule: a field that begins with * restricts nothing by itself.
    cron_.either_day_ = !fields_[2].starts_with('*') && !fields_[4].starts_with('*');
    cron_.years_.set();
    return cron_;
  }

 private:
  std::unexpected<Error> wrong(std::string_view part, std::string_view what) const {
    const auto at = static_cast<std::size_t>(part.data() - text_.data()) + column_;
    return fail(Fault::bad_config, "column " + std::to_string(at) + ": " + std::string(what));
  }

  std::unexpected<Error> wrong(std::string_view part, const Rule& rule,
                               std::string_view what) const {
    return wrong(part, std::string(rule.name) + ": " + std::string(what));
  }

  Result<> split_fields(std::size_t count, std::string_view names) {
    constexpr std::string_view blanks = " \t";
    std::string_view rest = text_;
    for (;;) {
      rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
      if (rest.empty()) break;
      fields_.push_back(rest.substr(0, rest.find_first_of(blanks)));
      rest.remove_prefix(fields_.back().size());
    }
    if (fields_.size() == count) return {};
    return wrong(fields_.size() > count ? fields_[count] : rest,
                 "expected " + std::to_string(count) + " fields, " + std::string(names) + "; got " +
                     std::to_string(fields_.size()));
  }

  Result<> read_common() {
    if (auto read = read_list(fields_[0], minute_rule, cron_.minutes_); !read) return read;
    if (auto read = read_list(fields_[1], hour_rule, cron_.hours_); !read) return read;
    return read_list(fields_[3], month_rule, cron_.months_);
  }

  Result<> read_days(std::string_view field) {
    cron_.day_of_month_.kind = Cron::DayOfMonth::Kind::days;
    return read_list(field, day_rule, cron_.day_of_month_.days);
  }

  Result<> read_aws_day() {
    using Kind = Cron::DayOfMonth::Kind;
    const std::string_view field = fields_[2];
    Cron::DayOfMonth& day = cron_.day_of_month_;
    if (field == "?") return {};
    if (field.find(',') == std::string_view::npos && field.starts_with('L')) {
      day.kind = field == "LW" ? Kind::last_weekday : Kind::last;
      if (field == "L" || field == "LW") return {};
      const auto before = number_of(field.substr(std::min(field.size(), std::size_t{2})));
      if (!field.starts_with("L-") || !before || *before > 30)
        return wrong(field, day_rule, "expected L, LW, or L-1 to L-30 for days before the last");
      day.number = *before;
      return {};
    }
    if (field.find_first_of("LW") == std::string_view::npos) return read_days(field);
    const auto number = number_of(field.substr(0, field.size() - 1));
    if (!field.ends_with('W') || !number || *number < 1 || *number > 31)
      return wrong(field, day_rule, "L and W stand alone in it, as L, LW or 15W");
    day.kind = Kind::nearest_weekday;
    day.number = *number;
    return {};
  }

  Result<> read_aws_weekday() {
    using Kind = Cron::DayOfWeek::Kind;
    const std::string_view field = fields_[4];
    Cron::DayOfWeek& day = cron_.day_of_week_;
    if (field == "?") return {};
    const std::size_t hash = field.find('#');
    const bool last = field.ends_with('L');
    if (hash != std::string_view::npos || last) {
      const std::string_view name = field.substr(0, last ? field.size() - 1 : hash);
      // L alone is the last day of the week, each week.
      const Result<unsigned> weekday =
          field == "L" ? Result<unsigned>(days_of_week) : value(name, aws_weekday_rule);
      if (!weekday) return std::unexpected(weekday.error());
      day.days.set(*weekday - 1);
      day.kind = field == "L" ? Kind::days : last ? Kind::last : Kind::nth;
      if (day.kind != Kind::nth) return {};
      const auto number = number_of(field.substr(hash + 1));
      if (!number || *number < 1 || *number > weeks_of_month)
        return wrong(field.substr(hash), aws_weekday_rule,
                     "expected #1 to #5, alone in the field, for the first to the fifth");
      day.number = *number;
      return {};
    }
    std::bitset<days_of_week + 1> weekdays;
    if (auto read = read_list(field, aws_weekday_rule, weekdays); !read) return read;
    day.kind = Kind::days;
    for (unsigned i = 0; i < days_of_week; ++i) day.days[i] = weekdays[i + 1];
    return {};
  }

  Result<unsigned> value(std::string_view text, const Rule& rule) const {
    for (std::size_t i = 0; i < rule.names.size(); ++i)
      if (same_word(text, rule.names[i])) return rule.low + static_cast<unsigned>(i);
    const auto number = number_of(text);
    if (!number || *number < rule.low || *number > rule.high)
      return wrong(text, rule, expected(rule) + "; got " + std::string(text));
    return *number;
  }

  // Sets what the items between the commas say: *, A, A-B, each with /STEP behind it. A/STEP goes
  // on to the end of the field. The bits of a set begin at 0, those of years at the first year.
  template <std::size_t N>
  Result<> read_list(std::string_view field, const Rule& rule, std::bitset<N>& set) const {
    const unsigned origin = rule.low >= N ? rule.low : 0;
    for (std::string_view rest = field;;) {
      const std::string_view item = rest.substr(0, rest.find(','));
      auto range = read_item(item, rule);
      if (!range) return std::unexpected(range.error());
      for (unsigned i = range->low; i <= range->high; i += range->step) set.set(i - origin);
      if (item.size() == rest.size()) return {};
      rest.remove_prefix(item.size() + 1);
    }
  }

  struct Range {
    unsigned low;
    unsigned high;
    unsigned step;
  };

  Result<Range> read_item(std::string_view item, const Rule& rule) const {
    if (item.empty()) return wrong(item, rule, "an item of the list is empty");
    Range range{rule.low, rule.high, 1};
    const std::size_t slash = item.find('/');
    const std::string_view values = item.substr(0, slash);
    if (values != "*") {
      const std::size_t dash = values.find('-');
      const auto low = value(values.substr(0, dash), rule);
      if (!low) return std::unexpected(low.error());
      range.low = *low;
      if (dash != std::string_view::npos) {
        const auto high = value(values.substr(dash + 1), rule);
        if (!high) return std::unexpected(high.error());
        range.high = *high;
      } else if (slash == std::string_view::npos) {
        range.high = range.low;
      }
      if (range.high < range.low)
        return wrong(values, rule,
                     std::string(values) + " goes down; write it as two ranges with a comma");
    }
    if (slash == std::string_view::npos) return range;
    const std::string_view step = item.substr(slash + 1);
    const auto number = number_of(step);
    const unsigned step_max = rule.high - rule.low + 1;
    if (!number || *number < 1 || *number > step_max)
      return wrong(step, rule, "expected a step of 1 to " + std::to_string(step_max) + " behind /");
    range.step = *number;
    return range;
  }

  std::string_view text_;
  std::size_t column_;
  std::vector<std::string_view> fields_;
  Cron cron_;
};

Result<Cron> Cron::parse_aws(std::string_view text, std::size_t column) {
  return CronParser(text, column).aws();
}

Result<Cron> Cron::parse_unix(std::string_view text, std::size_t column) {
  return CronParser(text, column).unix_fields();
}

}  // namespace tidemill::schedule
