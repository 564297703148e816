#include "core/dispatch/effect_expression.h"

#include <utility>

#include "core/dispatch/row_key.h"
#include "core/dispatch/shaping.h"
#include "core/expression/expression.h"
#include "core/expression/scalar_reader.h"
#include "core/expression/scalars.h"

namespace tidemill {
namespace {

template <class Take>
auto read(const Event& event, const Effect& effect, Take take) {
  const Event seen = seen_of(effect, event);
  const SeenEvent attributes(seen);
  const expression::EventView view = attributes.view();
  expression::ScalarReader reader(effect.data, view);
  return take(reader);
}

ExpressionValue::Kind kind_of(expression::Value::Kind kind) {
  switch (kind) {
    case expression::Value::Kind::null:
      return ExpressionValue::Kind::null;
    case expression::Value::Kind::boolean:
      return ExpressionValue::Kind::boolean;
    case expression::Value::Kind::number:
      return ExpressionValue::Kind::number;
    case expression::Value::Kind::string:
      return ExpressionValue::Kind::text;
    case expression::Value::Kind::array:
    case expression::Value::Kind::object:
      break;
  }
  return ExpressionValue::Kind::json;
}

class EffectExpression final : public EventExpression {
 public:
  explicit EffectExpression(expression::Expression expression)
      : expression_(std::move(expression)) {}

  Result<std::string> text(const Event& event, const Effect& effect) const override {
    return read(event, effect,
                [this](expression::ScalarReader& reader) { return reader.key(expression_); });
  }

  Result<double> number(const Event& event, const Effect& effect) const override {
    return read(event, effect, [this](expression::ScalarReader& reader) -> Result<double> {
      const auto number = reader.number(expression_);
      if (!number) return std::unexpected(number.error());
      return number->is_integer ? static_cast<double>(number->integer) : number->real;
    });
  }

  Result<ExpressionValue> value(const Event& event, const Effect& effect) const override {
    const Event seen = seen_of(effect, event);
    const SeenEvent attributes(seen);
    auto values = expression_.evaluate(effect.data, attributes.view(), expression::Strings::bare);
    if (!values) return std::unexpected(std::move(values.error()));
    if (values->size() != 1)
      return expression::gives(expression_, values->empty() ? "nothing" : "several values");
    expression::Value& one = values->front();
    return ExpressionValue{kind_of(one.kind), std::move(one.text)};
  }

 private:
  const expression::Expression expression_;
};

}  // namespace

Result<std::shared_ptr<const EventExpression>> compile_effect_expression(std::string_view text) {
  auto compiled = expression::Expression::compile(text);
  if (!compiled) return std::unexpected(std::move(compiled.error()));
  return std::make_shared<const EffectExpression>(std::move(*compiled));
}

}  // namespace tidemill
