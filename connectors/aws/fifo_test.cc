#include "fifo.h"

#include <gtest/gtest.h>

namespace tidemill::aws {
namespace {

TEST(FifoId, IsTheTextWhereThatCanBeOne) {
  EXPECT_EQ(fifo_id("user:7#x"), "user:7#x");
  EXPECT_EQ(fifo_id("user 7").size(), 64U);
  EXPECT_EQ(fifo_id(std::string(129, 'a')).size(), 64U);
  EXPECT_EQ(fifo_id("").size(), 64U);
}

}  // namespace
}  // namespace tidemill::aws
