import type { BalanceWatch } from "./balance/balance-watch.ts";
import type { RelayConfig } from "./config/config.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Head } from "./near/head.ts";
import type { NearViews } from "./near/views.ts";
import { accountPolicyRules } from "./policy/account-policy-rules.ts";
import { delegatePolicyRules } from "./policy/delegate-policy-rules.ts";
import {
  type AccountCreation,
  type AccountSubject,
  accountChainRules,
  accountRequestRules,
} from "./rules/account-rules.ts";
import { byteRules } from "./rules/delegate-byte-rules.ts";
import { chainRules } from "./rules/delegate-chain-rules.ts";
import type { DelegateSubject } from "./rules/delegate-subject.ts";
import { accountFundingRule, delegateFundingRule } from "./rules/funding.ts";
import { pausedAccountRule, pausedDelegateRule } from "./rules/paused-kinds.ts";
import type { Rule } from "./rules/rule.ts";

export interface RelayRulesOptions {
  readonly config: Pick<RelayConfig, "network" | "foreignSuffixes" | "delegates">;
  readonly accountCreation: AccountCreation | undefined;
  readonly views: NearViews;
  readonly head: Head;
  readonly ledger: Pick<Ledger, "isReplayed">;
  readonly balance: Pick<BalanceWatch, "state">;
}

/** What must hold before anything is paid for, in the order in which it is asked: what costs least comes first. */
export interface RelayRules {
  readonly delegateRules: readonly Rule<DelegateSubject>[];
  readonly accountRules: readonly Rule<AccountSubject>[];
  /** Those among them that look at the asker alone: its policy, and what is paused for it. */
  readonly delegateAskerRules: readonly Rule<DelegateSubject>[];
  readonly accountAskerRules: readonly Rule<AccountSubject>[];
}

export function relayRules(options: RelayRulesOptions): RelayRules {
  const { config, accountCreation, views, head, ledger, balance } = options;
  const { network, foreignSuffixes, delegates } = config;
  const delegateAskerRules = [pausedDelegateRule, ...delegatePolicyRules];
  const accountAskerRules = [pausedAccountRule, ...accountPolicyRules];
  return {
    delegateAskerRules,
    accountAskerRules,
    delegateRules: [
      ...byteRules(network, foreignSuffixes, delegates),
      ...delegateAskerRules,
      delegateFundingRule(() => balance.state),
      ...chainRules(views, head, delegates, (on, { action, publicKey, hashText }) =>
        ledger.isReplayed(on, {
          senderId: action.senderId,
          publicKey,
          nonce: action.nonce,
          delegateHash: hashText,
        }),
      ),
    ],
    accountRules: [
      ...accountRequestRules(network, foreignSuffixes, accountCreation),
      ...accountAskerRules,
      accountFundingRule(() => balance.state),
      ...accountChainRules(views, accountCreation),
    ],
  };
}
