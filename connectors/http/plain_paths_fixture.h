// For tests: expressions that are a path of one name (.user) or an attribute ($event.id), which the
// engine would compile.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "tidemill/expression.h"

namespace tidemill::http::testing {

class PlainPath final : public EventExpression {
 public:
  explicit PlainPath(std::string_view text) : text_(text) {}

  Result<std::string> text(const Event& event, const Effect& effect) const override {
    if (text_ == "$event.id") return std::string(event.id);
    const auto whole = boost::json::parse(effect.data);
    const auto* const found = whole.as_object().if_contains(text_.substr(1));
    if (found == nullptr) return fail(Fault::bad_event, "it gives nothing");
    return std::string(found->as_string());
  }
  Result<double> number(const Event&, const Effect&) const override { return 0.0; }

 private:
  std::string text_;
};

inline Result<std::shared_ptr<const EventExpression>> compile_path(std::string_view text) {
  if (text != "$event.id" && !text.starts_with('.'))
    return fail(Fault::bad_config, "1:1: it is no path");
  return std::make_shared<const PlainPath>(text);
}

}  // namespace tidemill::http::testing
