#include "core/dispatch/told.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(Told, ComesBackAsItWasKept) {
  const Told reply{
      std::make_shared<const Reply>(Reply{.status = 201,
                                          .content_type = "application/json",
                                          .body = std::string("\0{}", 3),
                                          .headers = {{"Location", "/users/1"}, {"X-Empty", ""}}}),
      {}};
  const Told back = read_told(told_text(reply));
  ASSERT_NE(back.reply, nullptr);
  EXPECT_EQ(*back.reply, *reply.reply);

  EXPECT_EQ(read_told(told_text({nullptr, "no such user"})).failed, "no such user");
  EXPECT_TRUE(read_told(told_text({})).nothing());
}

TEST(Told, WhatWasCutOffIsNothing) {
  const std::string whole = told_text(
      {std::make_shared<const Reply>(Reply{.status = 200, .body = {}, .headers = {{"a", "b"}}}),
       {}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(read_told(whole.substr(0, size)).nothing()) << size;
  EXPECT_TRUE(read_told("\x07 of another version").nothing());
}

}  // namespace
}  // namespace tidemill
