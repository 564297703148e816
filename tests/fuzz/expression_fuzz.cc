// Any program is an expression or a reason, and gives for any data values or a reason: no crash, no
// hang. Read natively and read by jq, data is the same.
//
// Input: a byte, the program up to a zero byte, the data. Compiling takes long; with an even first
// byte the data alone is looked at.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/expression/expression.h"

// What an evaluation that is left in the middle held is lost by design.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libjq\n";
}

namespace {

using namespace tidemill::expression;
using tidemill::Attribute;
using tidemill::EventTime;
using tidemill::Result;

constexpr Limits limits{.time = std::chrono::milliseconds(50), .memory = std::size_t{16} << 20};

void check(bool holds) {
  if (!holds) std::abort();
}

std::string_view only(const Result<std::vector<Value>>& values) {
  check(values && values->size() == 1);
  return values->front().text;
}

void check_data(std::string_view data) {
  static const Expression native = Expression::compile(".").value();
  static const Expression by_jq = Expression::compile("(.)").value();
  const auto one = native.evaluate(data, {});
  const auto other = by_jq.evaluate(data, {});
  check(one.has_value() == other.has_value());
  if (!one) return;
  const std::string_view compact = only(one);
  check(only(native.evaluate(compact, {})) == compact);
  check(only(by_jq.evaluate(compact, {})) == only(other));
  check(!compact.contains('\n'));
}

void check_program(std::string_view program, std::string_view data) {
  const auto expression = Expression::compile(program, limits);
  if (!expression) {
    check(!expression.error().message.empty());
    return;
  }
  const Attribute headers[] = {{"h", data}};
  const EventView event{.id = "1", .subject = data, .time = EventTime(1), .headers = headers};
  const auto values = expression->evaluate(data, event);
  if (values) {
    for (const Value& value : *values) check_data(value.text);
  } else {
    check(!values.error().message.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const bool compile = input[0] % 2 != 0;
  input.remove_prefix(1);
  const auto end = compile ? input.find('\0') : std::string_view::npos;
  check_data(end == std::string_view::npos ? input : input.substr(end + 1));
  if (end != std::string_view::npos) check_program(input.substr(0, end), input.substr(end + 1));
  return 0;
}
