#include "start_rule.h"

#include <charconv>

namespace tidemill::kafka {
namespace {

constexpr std::string_view mark_begin = "tidemill/";

// Digits only, exactly `size` of them.
std::optional<int> number_at(std::string_view text, std::size_t from, std::size_t size) {
  const std::string_view digits = text.substr(from, size);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + size || digits[0] == '-') return {};
  return value;
}

}  // namespace

std::optional<StartRule> parse_start(std::string_view text) {
  if (text == "earliest") return StartRule{StartRule::At::earliest, {}};
  if (text == "latest") return StartRule{StartRule::At::latest, {}};
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return {};
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] != '0' && text[i] != form[i]) return {};
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2),
             day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2), minute = number_at(text, 14, 2),
             second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return {};
  const std::chrono::year_month_day date(std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)});
  if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 59) return {};
  const auto since = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                     std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return StartRule{StartRule::At::instant, since};
}

Result<Place> place_of(const Known& known) {
  std::int64_t offset = known.start;
  if (known.group) offset = *known.group;
  if (known.own && (!known.group || known.group_is_ours || *known.group <= *known.own))
    offset = *known.own;
  if (offset > known.end)
    return fail(Fault::bad_config,
                "offset " + std::to_string(offset) + " was reached, but it ends at " +
                    std::to_string(known.end) +
                    ": was the topic made anew? remove the pipeline's progress to read this one");
  if (offset < known.begin) return Place{known.begin, known.begin - offset};
  return Place{offset, 0};
}

bool drop_another_topics_offset(Known& known) {
  if (known.own || !known.group || *known.group <= known.end) return false;
  known.group.reset();
  return true;
}

std::string commit_mark(std::string_view engine_id, std::uint64_t epoch) {
  std::string mark(mark_begin);
  return mark.append(engine_id).append("/").append(std::to_string(epoch));
}

bool is_mark_of(std::string_view mark, std::string_view engine_id) {
  if (engine_id.empty() || !mark.starts_with(mark_begin)) return false;
  mark.remove_prefix(mark_begin.size());
  return mark.substr(0, mark.rfind('/')) == engine_id;
}

}  // namespace tidemill::kafka
