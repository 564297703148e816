#include "core/base/timestamp.h"

#include <chrono>

namespace tidemill {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool take(std::string_view any_of) {
    if (rest_.empty() || !any_of.contains(rest_.front())) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Exactly `digits` of them, up to `max`.
  std::optional<int> number(std::size_t digits, int max) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value <= max ? std::optional(value) : std::nullopt;
  }

  /// The digits behind a point, in microseconds; what is finer is cut off.
  std::optional<int> fraction() {
    int micros = 0, place = 100'000;
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), place /= 10)
      micros += place * (rest_.front() - '0');
    return micros;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::minutes> offset(Reader& reader) {
  if (reader.at_end() || reader.take("Zz")) return std::chrono::minutes(0);
  const bool east = reader.take("+");
  if (!east && !reader.take("-")) return std::nullopt;
  const auto hours = reader.number(2, 23);
  reader.take(":");
  const auto minutes = reader.number(2, 59);
  if (!hours || !minutes) return std::nullopt;
  const std::chrono::minutes ahead(*hours * 60 + *minutes);
  return east ? ahead : -ahead;
}

}  // namespace

std::optional<EventTime> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  Reader reader(text);
  const auto year = reader.number(4, 9999);
  if (!year || !reader.take("-")) return std::nullopt;
  const auto month = reader.number(2, 12);
  if (!month || !reader.take("-")) return std::nullopt;
  const auto day = reader.number(2, 31);
  if (!day || !reader.take("Tt ")) return std::nullopt;
  const auto hour = reader.number(2, 23);
  if (!hour || !reader.take(":")) return std::nullopt;
  const auto minute = reader.number(2, 59);
  if (!minute || !reader.take(":")) return std::nullopt;
  const auto second = reader.number(2, 60);  // 60: a leap second is the next minute's first.
  if (!second) return std::nullopt;
  const auto micros = reader.take(".,") ? reader.fraction() : 0;
  const auto ahead = offset(reader);
  if (!micros || !ahead || !reader.at_end()) return std::nullopt;

  const year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                            std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  const sys_time<microseconds> instant = sys_days(date) + hours(*hour) + minutes(*minute) +
                                         seconds(*second) + microseconds(*micros) - *ahead;
  if (instant.time_since_epoch().count() < 0) return std::nullopt;
  return EventTime(static_cast<std::uint64_t>(instant.time_since_epoch().count()));
}

}  // namespace tidemill
