#include "smtp_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::mail {
namespace {

TEST(SmtpReply, TheLastReplyCounts) {
  SmtpReplies replies;
  EXPECT_EQ(replies.code(), 0);
  replies.take("220 mail.example.org ESMTP\r\n");
  replies.take("550-5.1.1 no such user\r\n");
  replies.take("550 5.1.1  ask\tsomebody\r\n");
  EXPECT_EQ(replies.code(), 550);
  EXPECT_EQ(replies.text(), "550 5.1.1 no such user 5.1.1 ask somebody");
  replies.take("250 ok");
  EXPECT_EQ(replies.text(), "250 ok");
}

TEST(SmtpReply, AGoodbyeTakesNothingBack) {
  SmtpReplies replies;
  replies.take("550 no such user\r\n");
  replies.take("221 bye\r\n");
  EXPECT_EQ(replies.text(), "550 no such user");
}

TEST(SmtpReply, ALoginIsRemembered) {
  SmtpReplies replies;
  replies.take("535 no\r\n");
  EXPECT_FALSE(replies.logged_in());
  replies.take("235 yes\r\n");
  replies.take("250 ok\r\n");
  EXPECT_TRUE(replies.logged_in());
  replies.clear();
  EXPECT_FALSE(replies.logged_in());
}

TEST(SmtpReply, WhatIsNoReplyIsNotLookedAt) {
  SmtpReplies replies;
  for (const auto* line : {"", "55", "abc", "099 x", "600 x", "5500 x", "250x"}) replies.take(line);
  EXPECT_EQ(replies.code(), 0);
  replies.take("250");
  EXPECT_EQ(replies.code(), 250);
  EXPECT_EQ(replies.text(), "250");
}

TEST(SmtpReply, RepliesHaveAnEnd) {
  SmtpReplies replies;
  for (int i = 0; i < 100; ++i) replies.take("550-" + std::string(90, 'x'));
  EXPECT_LE(replies.text().size(), 500);
}

TEST(SmtpReply, RepliesSayWhetherToTryAgain) {
  for (const int code : {500, 501, 550, 552, 553, 554})
    EXPECT_EQ(fault_of_reply(code), Fault::bad_event) << code;
  for (const int code : {450, 451, 452}) EXPECT_EQ(fault_of_reply(code), Fault::transient) << code;
  for (const int code : {421, 454, 530, 534, 535, 538})
    EXPECT_EQ(fault_of_reply(code), Fault::unavailable) << code;
}

}  // namespace
}  // namespace tidemill::mail
