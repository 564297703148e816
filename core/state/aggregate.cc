#include "core/state/aggregate.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "core/base/json_line.h"

namespace tidemill::state {
namespace {

enum Column : std::uint8_t {
  column_count = 0x01,
  column_sum = 0x02,
  column_min = 0x04,
  column_max = 0x08,
  column_avg = 0x10,
  column_window = 0x20,
};

void append_number(std::string& out, const JsonNumber& number) {
  append_byte(out, number.is_integer ? 1 : 0);
  append_big_endian(out, number.is_integer ? static_cast<std::uint64_t>(number.integer)
                                           : std::bit_cast<std::uint64_t>(number.real));
}

std::optional<JsonNumber> read_number(ByteReader& reader) {
  const bool is_integer = reader.byte() != 0;
  const auto bits = reader.big_endian<std::uint64_t>();
  if (is_integer) return JsonNumber::of(static_cast<std::int64_t>(bits));
  const auto real = std::bit_cast<double>(bits);
  if (!std::isfinite(real)) return std::nullopt;
  return JsonNumber::of(real);
}

template <class T, class Fold>
void fold_into(std::optional<T>& mine, const std::optional<T>& other, Fold fold) {
  if (!other) return;
  if (mine) {
    fold(*mine, *other);
  } else {
    mine = other;
  }
}

}  // namespace

void Aggregate::add(const std::optional<JsonNumber>& to_sum,
                    const std::optional<JsonNumber>& to_least,
                    const std::optional<JsonNumber>& to_greatest,
                    const std::optional<JsonNumber>& to_mean) {
  ++count;
  if (to_sum) {
    if (!sum) sum.emplace();
    sum->add(*to_sum);
  }
  if (to_least && (!least || less(*to_least, *least))) least = to_least;
  if (to_greatest && (!greatest || less(*greatest, *to_greatest))) greatest = to_greatest;
  if (!to_mean) return;
  if (!mean) mean.emplace();
  ++mean->count;
  mean->sum.add(*to_mean);
}

void Aggregate::fold(const Aggregate& other) {
  shows_count = shows_count || other.shows_count;
  count += other.count;
  if (!window) window = other.window;
  fold_into(sum, other.sum, [](ExactSum& a, const ExactSum& b) { a.add(b); });
  fold_into(least, other.least, [](JsonNumber& a, const JsonNumber& b) {
    if (less(b, a)) a = b;
  });
  fold_into(greatest, other.greatest, [](JsonNumber& a, const JsonNumber& b) {
    if (less(a, b)) a = b;
  });
  fold_into(mean, other.mean, [](Mean& a, const Mean& b) {
    a.count += b.count;
    a.sum.add(b.sum);
  });
}

std::string Aggregate::shown() const {
  JsonLine line;
  if (window) {
    line.text("window_start", rfc3339(window->start.value));
    line.text("window_end", rfc3339(window->end.value));
  }
  if (shows_count) line.number("count", count);
  if (sum) line.raw("sum", sum->shown());
  if (least) line.raw("min", state::shown(*least));
  if (greatest) line.raw("max", state::shown(*greatest));
  if (mean)
    line.raw("avg", fmt::format("{}", mean->sum.nearest() / static_cast<double>(mean->count)));
  return line.finish();
}

void append_aggregate(std::string& out, const Aggregate& aggregate) {
  int columns = 0;
  if (aggregate.shows_count) columns |= column_count;
  if (aggregate.sum) columns |= column_sum;
  if (aggregate.least) columns |= column_min;
  if (aggregate.greatest) columns |= column_max;
  if (aggregate.mean) columns |= column_avg;
  if (aggregate.window) columns |= column_window;
  append_byte(out, static_cast<std::uint8_t>(columns));
  append_big_endian(out, aggregate.count);
  if (aggregate.window) {
    append_big_endian(out, aggregate.window->start.value);
    append_big_endian(out, aggregate.window->end.value);
  }
  if (aggregate.sum) aggregate.sum->append(out);
  if (aggregate.least) append_number(out, *aggregate.least);
  if (aggregate.greatest) append_number(out, *aggregate.greatest);
  if (!aggregate.mean) return;
  append_big_endian(out, aggregate.mean->count);
  aggregate.mean->sum.append(out);
}

std::optional<Aggregate> read_aggregate(ByteReader& reader) {
  Aggregate aggregate;
  const std::uint8_t columns = reader.byte();
  aggregate.shows_count = (columns & column_count) != 0;
  aggregate.count = reader.big_endian<std::uint64_t>();
  if ((columns & column_window) != 0) {
    const EventTime start(reader.big_endian<std::uint64_t>());
    aggregate.window = {start, EventTime(reader.big_endian<std::uint64_t>())};
  }
  if ((columns & column_sum) != 0) {
    aggregate.sum = ExactSum::read(reader);
    if (!aggregate.sum) return std::nullopt;
  }
  if ((columns & column_min) != 0) {
    aggregate.least = read_number(reader);
    if (!aggregate.least) return std::nullopt;
  }
  if ((columns & column_max) != 0) {
    aggregate.greatest = read_number(reader);
    if (!aggregate.greatest) return std::nullopt;
  }
  if ((columns & column_avg) != 0) {
    const auto count = reader.big_endian<std::uint64_t>();
    const auto sum = ExactSum::read(reader);
    if (!sum || count == 0) return std::nullopt;
    aggregate.mean = {count, *sum};
  }
  if (!reader.ok()) return std::nullopt;
  return aggregate;
}

}  // namespace tidemill::state
