/// Watches whether bytes that come in pieces are UTF-8.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character that the last piece ended in.
    begun: [u8; 4],
    length: usize,
}

impl Utf8 {
    /// Takes in a piece; the place in it where it stops being UTF-8.
    pub(super) fn push(&mut self, mut data: &[u8]) -> Result<(), usize> {
        let mut taken = 0;
        while self.length > 0 {
            let Some((&byte, rest)) = data.split_first() else { return Ok(()) };
            self.begun[self.length] = byte;
            self.length += 1;
            match std::str::from_utf8(&self.begun[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(taken),
            }
            (data, taken) = (rest, taken + 1);
        }
        match std::str::from_utf8(data) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                let begun = &data[error.valid_up_to()..];
                self.begun[..begun.len()].copy_from_slice(begun);
                self.length = begun.len();
                Ok(())
            }
            Err(error) => Err(taken + error.valid_up_to()),
        }
    }

    /// Whether a character is only begun.
    pub(super) fn is_cut(&self) -> bool {
        self.length > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Utf8;

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = "aé€𝄞z".as_bytes();
        for cut in 0..=text.len() {
            let mut utf8 = Utf8::default();
            assert_eq!((utf8.push(&text[..cut]), utf8.push(&text[cut..])), (Ok(()), Ok(())));
            assert!(!utf8.is_cut());
        }
        let mut bytes = Utf8::default();
        assert!(text.iter().all(|byte| bytes.push(&[*byte]).is_ok()) && !bytes.is_cut());
    }

    #[test]
    fn what_is_not_utf8_is_found_where_it_is() {
        assert_eq!(Utf8::default().push(b"ab\xFFc"), Err(2));
        let mut cut = Utf8::default();
        assert_eq!((cut.push(b"a\xC3"), cut.push(b"b")), (Ok(()), Err(0)));
        assert!(!Utf8::default().is_cut() && cut.is_cut());
    }
}
