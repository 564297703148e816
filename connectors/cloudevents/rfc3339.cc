#include "rfc3339.h"

#include <algorithm>
#include <chrono>

namespace tidemill::cloudevents {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes what it is asked for off the front; once something else is there, it has failed for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) {
        fine_ = false;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // One of these characters, or '\0' where none of them is there.
  char one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == characters.npos) return '\0';
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  char expect(std::string_view characters) {
    const char found = one_of(characters);
    fine_ = fine_ && found != '\0';
    return found;
  }

  // As many digits as there are, of which there has to be one, as microseconds of a second.
  int fraction() {
    int micros = digits(1) * 100'000;
    for (int unit = 10'000; !rest_.empty() && is_digit(rest_.front()); unit /= 10)
      micros += digits(1) * unit;
    return micros;
  }

  bool at_end() const { return fine_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool fine_ = true;
};

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  const int year = scan.digits(4);
  scan.expect("-");
  const int month = scan.digits(2);
  scan.expect("-");
  const int day = scan.digits(2);
  scan.expect("Tt");
  const int hour = scan.digits(2);
  scan.expect(":");
  const int minute = scan.digits(2);
  scan.expect(":");
  const int second = scan.digits(2);
  const int micros = scan.one_of(".") != '\0' ? scan.fraction() : 0;
  const char zone = scan.expect("Zz+-");
  int ahead_hours = 0;
  int ahead_minutes = 0;
  if (zone == '+' || zone == '-') {
    ahead_hours = scan.digits(2);
    scan.expect(":");
    ahead_minutes = scan.digits(2);
  }
  if (!scan.at_end()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // The 60th second is a leap second.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || ahead_hours > 23 ||
      ahead_minutes > 59)
    return std::nullopt;
  std::chrono::microseconds ahead = std::chrono::hours(ahead_hours);
  ahead += std::chrono::minutes(ahead_minutes);
  std::chrono::microseconds time = std::chrono::sys_days(date).time_since_epoch();
  time += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  time += std::chrono::microseconds(micros);
  return (zone == '-' ? time + ahead : time - ahead).count();
}

}  // namespace tidemill::cloudevents
