//! Guessing passwords.

use store::accounts::attempts::{Admission, Subject, admit, succeeded};

use crate::desk::{Desk, email, on_both, second};

fn subjects(account: &str, network: &str) -> [Subject; 2] {
    [Subject::account(&email(&format!("{account}@example.com"))), Subject::network(network)]
}

fn attempt(desk: &mut Desk, account: &str, network: &str, at: i64) -> Admission {
    desk.ok(|tx| admit(tx, &subjects(account, network), second(at)))
}

#[test]
fn some_mistakes_are_free_and_then_each_costs_twice_as_long() {
    on_both(|desk| {
        for number in 0..6 {
            assert_eq!(attempt(desk, "ana", "n", 0), Admission::Admitted, "{number}");
        }
        assert_eq!(attempt(desk, "ana", "n", 0), Admission::Wait(second(1)));
        assert_eq!(attempt(desk, "ana", "n", 1), Admission::Admitted);
        assert_eq!(attempt(desk, "ana", "n", 2), Admission::Wait(second(3)));
        assert_eq!(attempt(desk, "ana", "n", 3), Admission::Admitted);
        assert_eq!(attempt(desk, "ana", "n", 3), Admission::Wait(second(7)));
        // Another account from the same network is not concerned yet.
        assert_eq!(attempt(desk, "ion", "n", 3), Admission::Admitted);
    });
}

#[test]
fn a_day_of_guessing_gives_few_guesses_and_the_owner_gets_in_within_a_quarter_of_an_hour() {
    on_both(|desk| {
        let (mut now, mut guesses) = (0, 0);
        while now < 86_400 {
            match attempt(desk, "ana", &format!("n{guesses}"), now) {
                Admission::Admitted => guesses += 1,
                Admission::Wait(until) => {
                    let wait = (until.as_millis() - second(now).as_millis()) / 1000;
                    assert!((1..=900).contains(&wait), "{wait}");
                    now += wait;
                }
            }
        }
        assert!((90..=120).contains(&guesses), "{guesses}");
    });
}

#[test]
fn a_network_that_tries_many_accounts_waits_too() {
    on_both(|desk| {
        let mut admitted = 0;
        for number in 0..200 {
            let outcome = attempt(desk, &format!("u{number}"), "203.0.113.7", 0);
            admitted += i32::from(outcome == Admission::Admitted);
        }
        assert_eq!(admitted, 51);
        assert_eq!(attempt(desk, "ana", "198.51.100.9", 0), Admission::Admitted);
    });
}

#[test]
fn a_right_password_clears_the_account_but_not_the_network() {
    on_both(|desk| {
        for number in 0..50 {
            attempt(desk, &format!("u{number}"), "n", 0);
        }
        assert_eq!(attempt(desk, "mine", "n", 0), Admission::Admitted);
        let [account, network] = subjects("mine", "n");
        desk.ok(|tx| succeeded(tx, &account, &network));
        // Own logins in between do not buy more guesses: the 51st failure is the last free one.
        assert_eq!(attempt(desk, "v", "n", 0), Admission::Admitted);
        assert_eq!(attempt(desk, "w", "n", 0), Admission::Wait(second(1)));
    });
}

#[test]
fn many_right_passwords_at_once_do_not_block_an_office() {
    on_both(|desk| {
        for number in 0..200 {
            let name = format!("u{number}");
            assert_eq!(attempt(desk, &name, "office", 0), Admission::Admitted, "{number}");
            let [account, network] = subjects(&name, "office");
            desk.ok(|tx| succeeded(tx, &account, &network));
        }
    });
}

#[test]
fn failures_are_forgotten_after_a_day() {
    on_both(|desk| {
        for _ in 0..6 {
            attempt(desk, "ana", "n", 0);
        }
        assert_eq!(desk.ok(|tx| store::accounts::purge(tx, second(86_399))), 0);
        for number in 0..6 {
            assert_eq!(attempt(desk, "ana", "n", 86_400), Admission::Admitted, "{number}");
        }
        assert_eq!(desk.ok(|tx| store::accounts::purge(tx, second(2 * 86_400))), 2);
    });
}
