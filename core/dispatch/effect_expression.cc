#include "core/dispatch/effect_expression.h"

#include <utility>

#include "core/dispatch/row_key.h"
#include "core/dispatch/shaping.h"
#include "core/expression/expression.h"
#include "core/expression/scalar_reader.h"

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
