#include "core/expression/expression.h"

#include <atomic>
#include <charconv>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/timestamp.h"
#include "core/expression/jq_program.h"
#include "core/expression/path.h"
#include "core/expression/scalars.h"

namespace tidemill::expression {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<Value> only_scalar(const Expression& expression, std::string_view data,
                          const EventView& event) {
  auto values = expression.evaluate(data, event, Strings::bare);
  if (!values) return std::unexpected(std::move(values.error()));
  if (values->empty()) return gives(expression, "nothing");
  if (values->size() > 1) return gives(expression, "more than one value");
  Value& value = values->front();
  if (value.kind == Value::Kind::null) return gives(expression, "null");
  if (value.kind == Value::Kind::array) return gives(expression, "an array");
  if (value.kind == Value::Kind::object) return gives(expression, "an object");
  return std::move(value);
}

}  // namespace

std::unexpected<Error> gives(const Expression& expression, std::string_view what) {
  constexpr std::size_t shown = 60;
  std::string text = expression.text().substr(0, shown);
  if (expression.text().size() > shown) text += "...";
  return fail(Fault::bad_event, text.append(" gives ").append(what));
}

// 100 thousand million seconds end in the year 5138, as many milliseconds began in 1973.
std::optional<EventTime> instant_of(double number) {
  double micros = number * 1e6;
  if (number >= 1e11) micros = number * 1e3;
  if (number >= 1e14) micros = number;
  if (number >= 1e17) micros = number / 1e3;
  if (!(micros >= 0) || micros >= 1e17) return std::nullopt;
  return EventTime(static_cast<std::uint64_t>(std::llround(micros)));
}

std::optional<double> real_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Expression::Parts {
  std::string text;
  Limits limits;
  std::optional<Path> path;
  bool reads_event = false;

  std::mutex mutex;
  std::vector<std::unique_ptr<JqProgram>> idle;  ///< What was used last is used first.
  std::atomic<std::size_t> lost = 0;

  Result<std::unique_ptr<JqProgram>> take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        auto program = std::move(idle.back());
        idle.pop_back();
        return program;
      }
    }
    return JqProgram::compile(text, reads_event, limits);
  }

  void give_back(std::unique_ptr<JqProgram> program) {
    if (!program->usable()) {
      lost += program->lost_bytes();
      return;
    }
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(program));
  }
};

Result<Expression> Expression::compile(std::string_view text, Limits limits) {
  if (is_blank(text)) return fail(Fault::bad_config, "the expression is empty");
  auto path = Path::parse(text);
  if (!path) return std::unexpected(std::move(path.error()));
  auto parts = std::make_shared<Parts>();
  parts->text = text;
  parts->limits = limits;
  parts->path = std::move(*path);
  if (parts->path) {
    parts->reads_event = parts->path->reads_event();
    return Expression(std::move(parts));
  }
  // jq allows white space after the dollar sign.
  parts->reads_event = text.contains('$') && text.contains("event");
  auto program = parts->take();
  if (!program) return std::unexpected(std::move(program.error()));
  parts->give_back(std::move(*program));
  return Expression(std::move(parts));
}

const std::string& Expression::text() const { return parts_->text; }

const Path* Expression::path() const { return parts_->path ? &*parts_->path : nullptr; }

bool Expression::is_path() const { return parts_->path.has_value(); }

bool Expression::reads_event() const { return parts_->reads_event; }

Result<std::vector<Value>> Expression::evaluate(std::string_view data, const EventView& event,
                                                Strings strings) const {
  Parts& parts = *parts_;
  if (parts.path) {
    auto value = parts.path->of(data, event, strings);
    if (!value) return std::unexpected(std::move(value.error()));
    std::vector<Value> values;
    values.push_back(std::move(*value));
    return values;
  }
  if (parts.lost > parts.limits.memory)
    return fail(Fault::bad_config,
                "jq: stopped, because evaluations that could only be left in the "
                "middle have cost too much memory");
  auto program = parts.take();
  if (!program) return std::unexpected(std::move(program.error()));
  auto values = (*program)->run(data, event, strings);
  parts.give_back(std::move(*program));
  return values;
}

Result<std::string> evaluate_key(const Expression& expression, std::string_view data,
                                 const EventView& event) {
  auto value = only_scalar(expression, data, event);
  if (!value) return std::unexpected(std::move(value.error()));
  return std::move(value->text);
}

Result<EventTime> evaluate_time(const Expression& expression, std::string_view data,
                                const EventView& event) {
  const auto value = only_scalar(expression, data, event);
  if (!value) return std::unexpected(value.error());
  std::optional<EventTime> time;
  if (const auto number = real_of(value->text); number && value->kind != Value::Kind::boolean) {
    time = instant_of(*number);
  } else if (value->kind == Value::Kind::string) {
    time = parse_timestamp(value->text);
  }
  if (time) return *time;
  return gives(expression, "no instant but " + value->text.substr(0, 100));
}

}  // namespace tidemill::expression
