#include "core/base/last_words.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace tidemill {
namespace {

TEST(LastWords, AreSaidBeforeTheProcessEnds) {
  auto said = std::make_shared<bool>(false);
  EXPECT_TRUE(last_words([said] { *said = true; }, std::chrono::seconds(60)));
  EXPECT_TRUE(*said);
}

TEST(LastWords, OnesThatNobodyHearsHoldUpNothing) {
  auto heard = std::make_shared<std::promise<void>>();
  EXPECT_FALSE(last_words([heard] { heard->get_future().wait(); }, std::chrono::milliseconds(1)));
  heard->set_value();
}

}  // namespace
}  // namespace tidemill
