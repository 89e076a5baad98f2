//! Passwords: Argon2id, with the parameters that OWASP recommends (19 MiB, two passes).

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::problem::Problem;

/// Passwords that are hashed at a time: each takes 19 MiB and a core for 20 to 50 ms.
const AT_A_TIME: usize = 2;

/// The shortest password; NIST asks for 8 at least, OWASP for 15 where nothing else protects.
const SHORTEST: usize = 12;

/// Longer ones are sentences by mistake, or an attempt to keep us busy; in bytes.
const LONGEST: usize = 200;

pub(crate) struct Passwords {
    desk: Arc<Semaphore>,
    /// The hash of a password that nobody has: what an unknown user's is compared with, so that an
    /// answer takes as long.
    nobodys: String,
}

impl Passwords {
    pub(crate) fn new(salt: &[u8; 16], password: &[u8; 32]) -> Result<Self, Problem> {
        Ok(Self { desk: Arc::new(Semaphore::new(AT_A_TIME)), nobodys: hash(password, salt)? })
    }

    /// Whether a password can be one. `about` is what must not be in it, such as the address.
    pub(crate) fn check(password: &str, about: &str) -> Result<(), Problem> {
        let local = about.split('@').next().unwrap_or_default().to_lowercase();
        let lower = password.to_lowercase();
        let detail = if password.chars().count() < SHORTEST {
            format!("the password needs at least {SHORTEST} characters")
        } else if password.len() > LONGEST {
            format!("the password may have {LONGEST} bytes at most")
        } else if local.len() >= 4 && lower.contains(&local) {
            "the password must not contain the address".to_owned()
        } else if lower.chars().collect::<std::collections::HashSet<_>>().len() < 5 {
            "the password needs at least five different characters".to_owned()
        } else {
            return Ok(());
        };
        Err(Problem::invalid("weak_password", detail))
    }

    /// The hash of a password, in PHC form.
    pub(crate) async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, Problem> {
        self.at_the_desk(move || hash(password.as_bytes(), &salt)).await
    }

    /// Whether a password is the one of a hash. Without a hash it never is, after the same time.
    pub(crate) async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, Problem> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobodys.clone());
        let right = self
            .at_the_desk(move || {
                if password.len() > LONGEST {
                    return Ok(false);
                }
                let parsed = PasswordHash::new(&stored).map_err(|error| {
                    tracing::error!(%error, "a stored password hash cannot be read");
                    Problem::internal()
                })?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(right && exists)
    }

    async fn at_the_desk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = Arc::clone(&self.desk).acquire_owned().await;
        let permit = permit.map_err(|_| Problem::internal())?;
        spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| Problem::internal())?
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, Problem> {
    let hash: PasswordHash =
        Argon2::default().hash_password_with_salt(password, salt).map_err(|error| {
            tracing::error!(%error, "a password cannot be hashed");
            Problem::internal()
        })?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn passwords_that_are_easy_to_guess_are_refused() {
        for weak in ["short", "aaaaaaaaaaaaaaaa", "xx-ana.pop-xx-2026", &"x1y2z".repeat(50)] {
            assert!(Passwords::check(weak, "ana.pop@example.com").is_err(), "{weak}");
        }
        assert!(Passwords::check("correct horse battery", "ana@example.com").is_ok());
    }

    #[tokio::test]
    async fn only_the_right_password_is_right_and_nobody_has_none() {
        let passwords = Passwords::new(&[1; 16], &[2; 32]).expect("a hash");
        let stored = passwords.hash("correct horse battery".into(), [3; 16]).await.expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            passwords.verify("correct horse battery".into(), Some(stored.clone())).await.unwrap()
        );
        assert!(!passwords.verify("correct horse batterz".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("correct horse battery".into(), None).await.unwrap());
    }

    /// The time is not taken, as it tells more of the machine than of us: the work is compared.
    #[tokio::test]
    async fn as_much_is_done_for_a_user_who_does_not_exist_as_for_one_who_does() {
        let passwords = Passwords::new(&[1; 16], &[2; 32]).expect("a hash");
        let stored = passwords.hash("correct horse battery".into(), [3; 16]).await.expect("a hash");
        let work = |text: &str| {
            let hash = PasswordHash::new(text).expect("a hash");
            let salt = hash.salt.map(|salt| salt.as_ref().len());
            let length = hash.hash.map(|output| output.len());
            (hash.algorithm.to_string(), hash.version, hash.params.to_string(), salt, length)
        };
        assert_eq!(work(&passwords.nobodys), work(&stored));
        assert_ne!(passwords.nobodys, stored);
        // Both wait for a place at the desk, where the work is done: neither is answered without it.
        let taken = passwords.desk.acquire_many(AT_A_TIME as u32).await.expect("the desk");
        let mut context = Context::from_waker(Waker::noop());
        let mut unknown = pin!(passwords.verify("wrong password".into(), None));
        let mut known = pin!(passwords.verify("wrong password".into(), Some(stored)));
        assert!(unknown.as_mut().poll(&mut context).is_pending());
        assert!(known.as_mut().poll(&mut context).is_pending());
        drop(taken);
        assert_eq!((unknown.await.unwrap(), known.await.unwrap()), (false, false));
    }
}
