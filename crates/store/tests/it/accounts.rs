//! Users, the first start, invitations, forgotten passwords.

use store::accounts::invitations::{self, InvitationError, NewInvitation};
use store::accounts::resets::{self, ResetError};
use store::accounts::sessions::{self, Lifetime};
use store::accounts::setup::{self, SetupError};
use store::accounts::{self, AccountError, Language, NewUser, Role};
use store::keys::{self, KeyText, NewKey, Scope};
use store::{DbError, Store};

use crate::desk::{Desk, email, minute, on_both, token};
use crate::support;

/// Makes a user whose id is the beginning of the address.
pub(crate) fn user(desk: &mut Desk, id: &str, role: Role) {
    let address = email(&format!("{id}@example.com"));
    let new = NewUser {
        id,
        email: &address,
        name: id,
        password_hash: Some("$argon2id$old"),
        role,
        language: Language::Romanian,
    };
    desk.ok(|tx| accounts::create(tx, &new, minute(0)));
}

#[test]
fn an_address_belongs_to_one_user_however_it_is_written() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let address = email("ANA@Example.com");
        let again = NewUser {
            id: "other",
            email: &address,
            name: "",
            password_hash: None,
            role: Role::Owner,
            language: Language::English,
        };
        let refused = desk.run(|tx| accounts::create(tx, &again, minute(1)));
        assert_eq!(refused, Err(AccountError::EmailTaken));
        let (found, hash) = desk.ok(|tx| accounts::find_for_login(tx, &address)).expect("the user");
        assert_eq!((found.id.as_str(), hash.as_deref()), ("ana", Some("$argon2id$old")));
        assert_eq!((found.role, found.language), (Role::Owner, Language::Romanian));
        assert_eq!(desk.ok(accounts::count), 1);
    });
}

#[test]
fn the_last_owner_cannot_go() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        user(desk, "ion", Role::Sales);
        let last = Err(AccountError::LastOwner);
        assert_eq!(desk.run(|tx| accounts::set_role(tx, "ana", Role::Marketer)), last);
        assert_eq!(desk.run(|tx| accounts::disable(tx, "ana", minute(1))), last);
        assert_eq!(desk.run(|tx| accounts::remove(tx, "ana")), last);
        assert_eq!(desk.run(|tx| accounts::remove(tx, "nobody")), Err(AccountError::Unknown));

        desk.ok(|tx| accounts::set_role(tx, "ion", Role::Owner));
        desk.ok(|tx| accounts::disable(tx, "ana", minute(1)));
        // A disabled owner is no help: the other one is the last now.
        assert_eq!(desk.run(|tx| accounts::remove(tx, "ion")), last);
        desk.ok(|tx| accounts::remove(tx, "ana"));
        assert_eq!(desk.ok(accounts::list).len(), 1);
    });
}

#[test]
fn whatever_takes_rights_away_ends_the_sessions() {
    type Change = fn(&mut Desk);
    let changes: [(&str, Change); 4] = [
        ("role", |desk| desk.ok(|tx| accounts::set_role(tx, "ion", Role::ReadOnly))),
        ("password", |desk| desk.ok(|tx| accounts::set_password(tx, "ion", "$new"))),
        ("disabled", |desk| desk.ok(|tx| accounts::disable(tx, "ion", minute(2)))),
        ("removed", |desk| desk.ok(|tx| accounts::remove(tx, "ion"))),
    ];
    for (name, change) in changes {
        on_both(|desk| {
            user(desk, "ana", Role::Owner);
            user(desk, "ion", Role::Sales);
            for (id, number) in [("ana", 1), ("ion", 2), ("ion", 3)] {
                let token = token(number);
                desk.ok(|tx| sessions::start(tx, &token, id, "", Lifetime::DEFAULT, minute(0)));
            }
            desk.ok(|tx| resets::offer(tx, &email("ion@example.com"), None, &token(9), minute(1)));
            change(desk);
            let mut lasts = |number| {
                let found = desk.ok(|tx| sessions::find(tx, token(number).as_str(), minute(2)));
                found.is_some()
            };
            assert_eq!([lasts(1), lasts(2), lasts(3)], [true, false, false], "{name}");
            // A link in an old mail must not undo what was done, except where only the role changed.
            let reset = desk.ok(|tx| resets::find(tx, token(9).as_str(), minute(2)));
            assert_eq!(reset.is_some(), name == "role", "{name}");
        });
    }
}

#[test]
fn a_role_that_does_not_change_ends_no_session() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        desk.ok(|tx| sessions::start(tx, &token(1), "ana", "", Lifetime::DEFAULT, minute(0)));
        desk.ok(|tx| accounts::set_role(tx, "ana", Role::Owner));
        assert!(desk.ok(|tx| sessions::find(tx, token(1).as_str(), minute(1))).is_some());
    });
}

#[test]
fn a_better_hash_of_the_same_password_does_not_overwrite_a_new_password() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let address = email("ana@example.com");
        desk.ok(|tx| accounts::rehash_password(tx, "ana", "$argon2id$old", "$better"));
        desk.ok(|tx| accounts::set_password(tx, "ana", "$new"));
        desk.ok(|tx| accounts::rehash_password(tx, "ana", "$better", "$better still"));
        let (_, hash) = desk.ok(|tx| accounts::find_for_login(tx, &address)).expect("the user");
        assert_eq!(hash.as_deref(), Some("$new"));
    });
}

#[test]
fn only_owners_manage_users_and_only_marketers_change_models() {
    let may = |scope: Scope| -> Vec<&str> {
        Role::ALL.iter().filter(|role| role.allows(scope)).map(|role| role.as_str()).collect()
    };
    for scope in [Scope::Accounts, Scope::Keys, Scope::Settings, Scope::ReadAudit] {
        assert_eq!(may(scope), ["owner"], "{scope}");
    }
    for scope in [Scope::WriteModels, Scope::EraseLeads, Scope::Import, Scope::Webhooks] {
        assert_eq!(may(scope), ["owner", "marketer"], "{scope}");
    }
    assert_eq!(may(Scope::WriteLeads), ["owner", "marketer", "sales"]);
    assert_eq!(may(Scope::Export), ["owner", "marketer", "analyst"]);
    assert_eq!(may(Scope::ReadLeads).len(), Role::ALL.len());
}

fn first<'a>(address: &'a leads::EmailAddress, id: &'a str) -> NewUser<'a> {
    NewUser {
        id,
        email: address,
        name: "Ana",
        password_hash: Some("$argon2id$x"),
        // The set-up makes an owner all the same.
        role: Role::ReadOnly,
        language: Language::Spanish,
    }
}

#[test]
fn the_first_start_makes_one_owner_with_the_latest_token_in_time() {
    on_both(|desk| {
        let address = email("ana@example.com");
        let accept = |desk: &mut Desk, number, at| {
            desk.run(|tx| setup::accept(tx, token(number).as_str(), &first(&address, "ana"), at))
        };
        assert_eq!(accept(desk, 1, minute(0)), Err(SetupError::Token), "nothing was offered");
        desk.ok(|tx| setup::offer(tx, &token(1), minute(0)));
        let until = desk.ok(|tx| setup::offer(tx, &token(2), minute(1)));
        assert_eq!(until, Some(minute(31)));
        assert_eq!(accept(desk, 1, minute(2)), Err(SetupError::Token), "replaced by a restart");
        assert_eq!(accept(desk, 3, minute(2)), Err(SetupError::Token), "guessed");
        assert_eq!(accept(desk, 2, minute(31)), Err(SetupError::Token), "too late");
        let owner = accept(desk, 2, minute(30)).expect("an owner");
        assert_eq!((owner.role, owner.language), (Role::Owner, Language::Spanish));
        assert_eq!(accept(desk, 2, minute(30)), Err(SetupError::Done));
        assert_eq!(desk.ok(|tx| setup::offer(tx, &token(4), minute(40))), None);
        assert_eq!(accept(desk, 4, minute(41)), Err(SetupError::Done));
    });
}

#[test]
fn of_many_who_set_up_at_once_one_becomes_the_owner() {
    support::on_both(|bench| {
        let ours = token(1);
        bench.store.write(move |tx| setup::offer(tx, &ours, minute(0))).expect("an offer");
        // A second handle on the same database stands for a second node.
        let other = Store::open(bench.store.address(), minute(0)).expect("a second node");
        let mut pending = Vec::new();
        for number in 0..20 {
            let store = if number % 2 == 0 { &bench.store } else { &other };
            pending.push(store.submit(move |tx| {
                let address = email(&format!("u{number}@example.com"));
                let id = format!("u{number}");
                setup::accept(tx, token(1).as_str(), &first(&address, &id), minute(1))
            }));
        }
        let results: Vec<_> = pending.into_iter().map(store::Pending::wait).collect();
        let owners = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(owners, 1, "{results:?}");
        let refused = results.iter().filter_map(|result| result.as_ref().err());
        assert!(refused.into_iter().all(|error| *error == SetupError::Done), "{results:?}");
        let count = bench.store.read(accounts::count);
        assert_eq!(count, Ok::<i64, DbError>(1));
    });
}

#[test]
fn an_invitation_lets_one_person_in_with_the_role_that_was_given() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let address = email("ion@example.com");
        let new = NewInvitation {
            id: "i1",
            email: &address,
            role: Role::Sales,
            language: Language::English,
            invited_by: "user:ana",
        };
        desk.ok(|tx| invitations::create(tx, &new, &token(1), minute(0)));
        let newer = NewInvitation { id: "i2", ..new.clone() };
        desk.ok(|tx| invitations::create(tx, &newer, &token(2), minute(1)));
        assert_eq!(desk.ok(|tx| invitations::list(tx, minute(1))).len(), 1);

        let accept = |desk: &mut Desk, shown: &str, at| {
            let language = Language::Romanian;
            desk.run(|tx| invitations::accept(tx, shown, "ion", "Ion", "$x", language, at))
        };
        let refused = Err(InvitationError::Token);
        assert_eq!(accept(desk, token(1).as_str(), minute(2)), refused, "replaced");
        assert_eq!(accept(desk, "", minute(2)), refused);
        assert_eq!(accept(desk, &"x".repeat(1_000_000), minute(2)), refused);
        assert_eq!(accept(desk, token(2).as_str(), minute(7 * 24 * 60 + 1)), refused, "too late");
        let user = accept(desk, token(2).as_str(), minute(7 * 24 * 60)).expect("a user");
        assert_eq!((user.role, user.language), (Role::Sales, Language::Romanian));
        assert_eq!(user.email, "ion@example.com");
        assert_eq!(accept(desk, token(2).as_str(), minute(3)), refused, "used");
        let taken = desk.run(|tx| invitations::create(tx, &new, &token(3), minute(3)));
        assert_eq!(taken, Err(InvitationError::EmailTaken));
    });
}

#[test]
fn a_withdrawn_invitation_lets_nobody_in() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let address = email("ion@example.com");
        let new = NewInvitation {
            id: "i1",
            email: &address,
            role: Role::Owner,
            language: Language::English,
            invited_by: "user:ana",
        };
        desk.ok(|tx| invitations::create(tx, &new, &token(1), minute(0)));
        assert!(desk.ok(|tx| invitations::withdraw(tx, "i1")));
        assert!(!desk.ok(|tx| invitations::withdraw(tx, "i1")));
        assert_eq!(desk.ok(|tx| invitations::find(tx, token(1).as_str(), minute(1))), None);
    });
}

#[test]
fn a_forgotten_password_is_set_once_with_the_latest_link() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        let address = email("ana@example.com");
        let nobody = email("nobody@example.com");
        assert_eq!(desk.ok(|tx| resets::offer(tx, &nobody, None, &token(1), minute(0))), None);
        desk.ok(|tx| resets::offer(tx, &address, None, &token(1), minute(0)));
        desk.ok(|tx| resets::offer(tx, &address, None, &token(2), minute(1)));
        let accept = |desk: &mut Desk, number, at| {
            desk.run(|tx| resets::accept(tx, token(number).as_str(), "$new", at))
        };
        assert_eq!(accept(desk, 1, minute(2)), Err(ResetError::Token), "replaced");
        assert_eq!(accept(desk, 2, minute(61)), Err(ResetError::Token), "too late");
        assert_eq!(accept(desk, 2, minute(60)).map(|user| user.id), Ok("ana".to_owned()));
        assert_eq!(accept(desk, 2, minute(60)), Err(ResetError::Token), "used");
        let (_, hash) = desk.ok(|tx| accounts::find_for_login(tx, &address)).expect("the user");
        assert_eq!(hash.as_deref(), Some("$new"));
    });
}

/// Ana and Eva are owners, and Eva's key `k1` manages accounts; Ion works with leads. Eva, and her key, invite
/// an owner each; Ion's and Ana's new passwords are offered by them.
fn offers_of_eva(desk: &mut Desk) {
    user(desk, "ana", Role::Owner);
    user(desk, "eva", Role::Owner);
    user(desk, "ion", Role::Sales);
    let scopes = Scope::ALL;
    let new =
        NewKey { id: "k1", name: "", scopes, created_by: "user:eva", expires_at: Some(minute(50)) };
    desk.ok(|tx| keys::create(tx, &new, &KeyText::from_random(&[7; 37]), minute(0)));
    for (number, by) in [(1, "user:eva"), (2, "key:k1")] {
        let (id, address) = (format!("i{number}"), email(&format!("new{number}@example.com")));
        let new = NewInvitation {
            id: &id,
            email: &address,
            role: Role::Owner,
            language: Language::English,
            invited_by: by,
        };
        desk.ok(|tx| invitations::create(tx, &new, &token(number), minute(0)));
    }
    for (number, address, by) in [(3, "ion", "user:eva"), (4, "ana", "key:k1")] {
        let address = email(&format!("{address}@example.com"));
        desk.ok(|tx| resets::offer(tx, &address, Some(by), &token(number), minute(0)));
    }
}

/// Which of the tokens 1 to 4 still let somebody in.
fn standing(desk: &mut Desk, at: leads::Timestamp) -> Vec<u8> {
    let invitations = [1, 2].into_iter().filter(|number| {
        desk.ok(|tx| invitations::find(tx, token(*number).as_str(), at)).is_some()
    });
    let mut standing: Vec<u8> = invitations.collect();
    let listed = desk.ok(|tx| invitations::list(tx, at)).len();
    assert_eq!(listed, standing.len(), "as many as can be used are listed");
    standing.extend(
        [3, 4]
            .into_iter()
            .filter(|number| desk.ok(|tx| resets::find(tx, token(*number).as_str(), at)).is_some()),
    );
    standing
}

#[test]
fn what_somebody_offered_is_void_for_good_when_the_right_to_it_is_gone() {
    type Change = fn(&mut Desk);
    let changes: [(&str, Change, &[u8]); 6] = [
        ("nothing", |_| {}, &[1, 2, 3, 4]),
        ("removed", |desk| desk.ok(|tx| accounts::remove(tx, "eva")), &[]),
        (
            "disabled, and enabled again",
            |desk| {
                desk.ok(|tx| accounts::disable(tx, "eva", minute(1)));
                desk.ok(|tx| accounts::enable(tx, "eva"));
            },
            &[],
        ),
        (
            "of a lesser role, and an owner again",
            |desk| {
                desk.ok(|tx| accounts::set_role(tx, "eva", Role::Marketer));
                desk.ok(|tx| accounts::set_role(tx, "eva", Role::Owner));
            },
            &[],
        ),
        ("key revoked", |desk| assert!(desk.ok(|tx| keys::revoke(tx, "k1", minute(1)))), &[1, 3]),
        ("somebody else removed", |desk| desk.ok(|tx| accounts::remove(tx, "ana")), &[1, 2, 3]),
    ];
    for (name, change, left) in changes {
        on_both(|desk| {
            offers_of_eva(desk);
            change(desk);
            assert_eq!(standing(desk, minute(2)), left, "{name}");
        });
    }
}

#[test]
fn what_was_offered_stands_no_longer_than_the_key_and_never_for_more_than_its_maker_may() {
    on_both(|desk| {
        offers_of_eva(desk);
        assert_eq!(standing(desk, minute(49)), [1, 2, 3, 4]);
        assert_eq!(standing(desk, minute(50)), [1, 3], "the key has expired");
        // As if a version that voids nothing had taken the role.
        desk.ok(|tx| tx.execute("UPDATE account SET role = 'marketer' WHERE id = 'eva'", &[]));
        assert_eq!(standing(desk, minute(2)), [0; 0]);
        let language = Language::English;
        let shown = token(1);
        let refused = desk.run(|tx| {
            invitations::accept(tx, shown.as_str(), "new", "New", "$x", language, minute(2))
        });
        assert_eq!(refused, Err(InvitationError::Token));
        let refused = desk.run(|tx| resets::accept(tx, token(3).as_str(), "$x", minute(2)));
        assert_eq!(refused, Err(ResetError::Token));
    });
}

#[test]
fn what_was_offered_at_the_command_line_is_nobodys_to_take_away() {
    on_both(|desk| {
        offers_of_eva(desk);
        let address = email("ana@example.com");
        desk.ok(|tx| resets::offer(tx, &address, None, &token(5), minute(1)));
        desk.ok(|tx| accounts::remove(tx, "eva"));
        let found = desk.ok(|tx| resets::find(tx, token(5).as_str(), minute(2)));
        assert_eq!(found.map(|user| user.id), Some("ana".to_owned()));
    });
}

#[test]
fn what_has_expired_is_removed_and_nothing_else() {
    on_both(|desk| {
        user(desk, "ana", Role::Owner);
        for (number, at) in [(1, minute(0)), (2, minute(60 * 24 * 20))] {
            desk.ok(|tx| sessions::start(tx, &token(number), "ana", "", Lifetime::DEFAULT, at));
        }
        desk.ok(|tx| resets::offer(tx, &email("ana@example.com"), None, &token(3), minute(0)));
        assert_eq!(desk.ok(|tx| accounts::purge(tx, minute(60 * 24 * 21))), 2);
        let lasting = desk.ok(|tx| sessions::list(tx, "ana", minute(60 * 24 * 21)));
        assert_eq!(lasting.len(), 1);
    });
}

#[test]
fn no_token_or_password_stands_in_the_database_as_it_was_handed_out() {
    support::on_both(|bench| {
        let Some(file) = bench.store.file() else { return };
        let desk = &mut Desk::at(bench);
        user(desk, "ana", Role::Owner);
        let handed_out = [token(1), token(2)];
        desk.ok(|tx| sessions::start(tx, &handed_out[0], "ana", "", Lifetime::DEFAULT, minute(0)));
        desk.ok(|tx| resets::offer(tx, &email("ana@example.com"), None, &handed_out[1], minute(0)));
        let mut bytes = std::fs::read(file).expect("the file");
        bytes.extend(std::fs::read(file.with_extension("db-wal")).unwrap_or_default());
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(holds("ana@example.com"), "the search finds what is there");
        for token in &handed_out {
            assert!(!holds(token.as_str()));
        }
    });
}
