#include "core/invoke/response_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/invoke/testing/native_function_fixture.h"

namespace tidemill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using ResponseReader = NativeFunctionTest;

TEST_F(ResponseReader, EffectsAreGroupedByEventInTheOrderAskedFor) {
  make("good");
  const auto answer = invoke({event("", "backwards"), event("", ""), event("", "")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 first=", "0.1 3:0 second=", "1.0 3:0 first=",
                                         "1.1 3:0 second=", "2.0 3:0 first=", "2.1 3:0 second="));
}

TEST_F(ResponseReader, AFailedEventLeavesNoEffectAndFailsOnce) {
  make("good");
  const auto answer =
      invoke({event("a", "row 1"), event("b", "fail bad"), event("c", "fail slow database")});
  ASSERT_FALSE(answer.error);
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=1"));
  ASSERT_EQ(answer.failures.size(), 2u);
  EXPECT_EQ(answer.failures[0].event, 1u);
  EXPECT_EQ(answer.failures[0].fault, Fault::bad_event);
  EXPECT_EQ(answer.failures[0].reason, "bad");
  EXPECT_EQ(answer.failures[1].fault, Fault::transient);
  EXPECT_EQ(answer.failures[1].reason, "slow database");
}

TEST_F(ResponseReader, OfALongReasonTheBeginningIsKept) {
  make("good");
  const std::string order = "fail " + std::string(4095, 'x') + "\u00e9" + std::string(100'000, 'y');
  const auto answer = invoke({event("a", order)});
  ASSERT_EQ(answer.failures.size(), 1u);
  EXPECT_EQ(answer.failures[0].reason, std::string(4095, 'x') + " ...");
  const std::string all = "fail_batch " + std::string(100'000, 'z');
  const auto failed = invoke({event("a", all)});
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->message, std::string(4096, 'z') + " ...");
}

TEST_F(ResponseReader, ABatchMayFailAsAWhole) {
  make("good");
  const auto answer = invoke({event("a", "row 1"), event("b", "fail_batch all wrong")});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::bad_event);
  EXPECT_EQ(answer.error->message, "all wrong");
  EXPECT_THAT(answer.effects, IsEmpty());
}

TEST_F(ResponseReader, EveryWrongAnswerIsASentence) {
  const std::pair<const char*, const char*> cases[] = {
      {"no_response", "it gave no response"},
      {"small_response", "its response has 8 bytes"},
      {"status", "its response has the unknown status 99"},
      {"event", "effect 0 names event 77 of a batch of 1"},
      {"output", "effect 0 names output 5, but it declares 1"},
      {"kind", "effect 0 is of the unknown kind 7"},
      {"wrong_output", "effect 0 puts an object, but output 'rows' carries rows"},
      {"merge", "effect 0 merges by the unknown kind 6"},
      {"metadata", "effect 0 carries 1073741824 metadata entries; at most 1024 are taken"},
      {"slice", "effect 0 has a text without data"},
      {"stride", "its effects are a malformed array"},
      {"no_effects", "its effects are a malformed array"},
      {"small_effect", "its effects are a malformed array"},
      {"failure_event", "failure 0 names event 3 of a batch of 1"},
      {"failure_fault", "failure 0 has the unknown fault 8"}};
  for (const auto& [mode, sentence] : cases) {
    make("rogue", {{"mode", mode}});
    EXPECT_EQ(error_of({event("a", "")}),
              std::string("the function answered against the ABI: ") + sentence);
  }
}

TEST_F(ResponseReader, LargerEffectsOfALaterVersionAreWalkedByTheirStride) {
  make("rogue");
  EXPECT_THAT(shown(invoke({event("a", "")})), ElementsAre("0.0 3:0 =", "0.1 3:0 ="));
}

}  // namespace
}  // namespace tidemill
