#include "row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace tidemill::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Gives what a test says, by the text of the expression.
class Said final : public EventExpression {
 public:
  using Answer = std::function<Result<ExpressionValue>(const Event&, const Effect&)>;
  explicit Said(Answer answer) : answer_(std::move(answer)) {}

  Result<std::string> text(const Event&, const Effect&) const override {
    return fail(Fault::bad_event, "not asked for");
  }
  Result<double> number(const Event&, const Effect&) const override { return 0; }
  Result<ExpressionValue> value(const Event& event, const Effect& effect) const override {
    return answer_(event, effect);
  }

 private:
  const Answer answer_;
};

ExpressionValue text_value(std::string text) {
  return {ExpressionValue::Kind::text, std::move(text)};
}

class RowReader : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const EventExpression>> compile(std::string_view text) {
    if (text == "(") return fail(Fault::bad_config, "syntax error");
    if (text == "null")
      return std::make_shared<Said>([](const Event&, const Effect&) { return ExpressionValue(); });
    if (text == ".data")
      return std::make_shared<Said>(
          [](const Event&, const Effect& effect) -> Result<ExpressionValue> {
            if (effect.data.empty()) return fail(Fault::bad_event, "there is no data");
            return text_value(std::string(effect.data));
          });
    return std::make_shared<Said>([text = std::string(text)](const Event&, const Effect&) {
      return ExpressionValue{ExpressionValue::Kind::json, text};
    });
  }

  Result<RowRules> rules() {
    return read_rules(config_, [this](std::string_view text) { return compile(text); });
  }

  // "column=value ..." in the order of the table, or why there is no row.
  std::string read(std::string_view data) {
    const auto made = rules();
    if (!made) return made.error().message;
    table_.on_conflict = config_.conflict();
    table_.key.clear();
    for (const std::string& name : config_.conflict_columns())
      table_.key.push_back(*table_.find(name));
    const Effect effect{.ordinal = 2, .key = effect_key_, .data = data};
    SinkBatch batch;
    batch.pipeline = "p";
    batch.sink = "s";
    batch.events = std::span(&event_, 1);
    batch.effects = std::span(&effect, 1);
    const auto row = read_row(*made, table_, batch, 0);
    if (!row) {
      EXPECT_EQ(row.error().fault, Fault::bad_event);
      return row.error().message;
    }
    key_ = row->key;
    std::string text = row->removal ? "removal" : "";
    for (std::size_t i = 0; i < row->shape.size(); ++i)
      text.append(text.empty() ? "" : " ")
          .append(table_.columns[row->shape[i]].name)
          .append(row->fields[i] ? "=" + *row->fields[i] : " is null");
    return text;
  }

  SinkConfig config_{.table = "t"};
  Table table_{.name = "t",
               .columns = {{"id", "text"}, {"a", "int"}, {"b", "jsonb"}, {"made", "text", false}}};
  Event event_{.offset = Offset(7), .source = "file:/a", .key = {}, .data = {}};
  std::string_view effect_key_;
  std::string key_;
};

TEST_F(RowReader, FieldsGoIntoTheColumnsOfTheirNames) {
  EXPECT_EQ(read(R"({"id": "x\"y", "a": 10000000000000000001 , "other": [], "b": {"k": [1]}})"),
            R"(id=x"y a=10000000000000000001 b={"k": [1]})");
  EXPECT_EQ(read(R"({"a": null, "b": true})"), "a is null b=true");
  EXPECT_EQ(read(R"({"b": [ ] , "made": "no"})"), "b=[ ]");
}

TEST_F(RowReader, AFieldThatIsMissingLeavesItsColumnOut) {
  EXPECT_EQ(read(R"({"a": 1})"), "a=1");
  EXPECT_THAT(read("{}"), HasSubstr("no field of the data"));
}

TEST_F(RowReader, WhatIsNoObjectIsNoRow) {
  for (const auto* data : {"", "null", "[1]", "hello", "{\"a\":", "{\"a\": 1} x", "{\"a\": nul}"})
    EXPECT_THAT(read(data), HasSubstr("the data is no")) << data;
}

TEST_F(RowReader, OfTwoFieldsOfOneNameTheFirstCounts) {
  EXPECT_EQ(read(R"({"a": 1, "a": 2})"), "a=1");
}

TEST_F(RowReader, AZeroByteIsRefused) {
  EXPECT_THAT(read(R"({"id": "a\u0000b"})"), HasSubstr("zero byte"));
}

TEST_F(RowReader, ColumnsAreWhatTheirExpressionsGive) {
  config_.columns = {R"({"a": 7, "b": ".data", "id": "null"})"};
  EXPECT_EQ(read("hello"), "id is null a=7 b=hello");
  EXPECT_EQ(read(""), "b: there is no data");
}

TEST_F(RowReader, AnIdColumnHasTheIdOfTheMessage) {
  config_.id_column = "id";
  EXPECT_EQ(read(R"({"a": 1, "id": "of the data"})"), "id=p:s:file:/a/0@7#2 a=1");
  EXPECT_EQ(config_.conflict(), OnConflict::ignore);
  EXPECT_THAT(config_.conflict_columns(), ElementsAre("id"));
  EXPECT_THAT(read("null"), HasSubstr("no object"));
}

TEST_F(RowReader, KeysTellRowsApart) {
  config_.key = {"id", "a"};
  read(R"({"id": "1", "a": 12})");
  const std::string one = key_;
  read(R"({"id": "11", "a": 2})");
  EXPECT_NE(one, key_);
  EXPECT_EQ(read(R"({"id": "1"})"), "key: the row has no a");
  EXPECT_EQ(read(R"({"id": null, "a": 1})"), "key: the row has no id");
}

TEST_F(RowReader, AMessageWithoutDataRemovesTheRowOfItsKey) {
  config_.key = {"id"};
  event_.key = "ann";
  EXPECT_EQ(read("null"), "removal id=ann");
  effect_key_ = "bob";
  EXPECT_EQ(read(""), "removal id=bob");
  config_.columns = {R"({"id": ".data", "a": 1})"};
  EXPECT_EQ(read(""), "removal id=bob");
  effect_key_ = event_.key = {};
  EXPECT_EQ(read(""), "id: there is no data");
}

TEST_F(RowReader, WithoutAKeyNothingIsRemoved) {
  config_.key = {"id"};
  EXPECT_THAT(read(""), HasSubstr("does not say which: it has no id"));
  config_.key = {};
  event_.key = "ann";
  EXPECT_THAT(read("null"), HasSubstr("no object"));
}

TEST_F(RowReader, RulesThatMakeNoSenseAreErrors) {
  config_.columns = {R"({"a": "("})"};
  EXPECT_EQ(rules().error().message, "columns: a: syntax error");
  config_.columns = {R"({"a": ".data"})"};
  config_.key = {"id"};
  EXPECT_EQ(rules().error().message, "key: id is not among the columns");
  config_.id_column = "a";
  EXPECT_THAT(rules().error().message, HasSubstr("leave one of them out"));
}

}  // namespace
}  // namespace tidemill::postgres
