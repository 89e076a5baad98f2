//! What somebody offers others: invitations, and links that set a new password.
//!
//! An offer is worth what its maker could still offer. It is void for good when its maker is removed, disabled
//! or gets another role, or its key is revoked; a key that expires takes its offers along by the look at
//! it that every use takes.

use leads::Timestamp;

use super::{Role, User};
use crate::db::{DbError, Tx};
use crate::keys::{self, Scope};

/// Whether `maker`, as the audit trail names them, may still let somebody in with this role: manage
/// accounts, and do all that the role may do. Whoever is at the command line is no user, and may.
pub(super) fn still_stands(
    tx: &mut Tx<'_>,
    maker: &str,
    role: Role,
    now: Timestamp,
) -> Result<bool, DbError> {
    let mut needed = Scope::ALL.iter().copied().filter(|scope| role.allows(*scope));
    if let Some(id) = maker.strip_prefix("user:") {
        let user = super::find(tx, id)?.filter(User::is_enabled);
        return Ok(user.is_some_and(|user| {
            user.role.allows(Scope::Accounts) && needed.all(|scope| user.role.allows(scope))
        }));
    }
    if let Some(id) = maker.strip_prefix("key:") {
        return Ok(keys::find_by_id(tx, id, now)?.is_some_and(|key| {
            key.allows(Scope::Accounts) && needed.all(|scope| key.allows(scope))
        }));
    }
    Ok(true)
}

/// Voids what a user offered, and what was offered with keys that the user made.
pub(super) fn void_of_user(tx: &mut Tx<'_>, id: &str) -> Result<(), DbError> {
    let user = format!("user:{id}");
    let keys = keys::made_by(tx, &user)?;
    void_of(tx, &user)?;
    keys.iter().try_for_each(|key| void_of(tx, &format!("key:{key}")))
}

/// Voids what `maker`, as the audit trail names them, offered.
pub(crate) fn void_of(tx: &mut Tx<'_>, maker: &str) -> Result<(), DbError> {
    tx.execute("DELETE FROM invitation WHERE invited_by = $1", &[maker.into()])?;
    tx.execute("DELETE FROM password_reset WHERE made_by = $1", &[maker.into()])?;
    Ok(())
}
